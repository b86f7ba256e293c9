package relay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/msgpackstrict"
)

// toJSON turns a payload of the bus, a msgpack map or nothing, into JSON.
func toJSON(payload []byte) ([]byte, error) {
	if payload == nil {
		return []byte("null"), nil
	}
	if err := msgpackstrict.Whole(payload, 0); err != nil {
		return nil, err
	}
	d := msgpack.NewDecoder(bytes.NewReader(payload))
	d.SetMapDecoder(decodeMap)
	value, err := d.DecodeInterface()
	if err != nil {
		return nil, err
	}
	return json.Marshal(jsonValue(value))
}

// decodeMap reads a map whose keys may be anything: as text, which is what they are in
// JSON. The library's own map has no room for keys that are lists, maps or bytes.
func decodeMap(d *msgpack.Decoder) (any, error) {
	count, err := d.DecodeMapLen()
	if err != nil || count < 0 {
		return nil, err
	}
	texts := make(map[string]any, min(count, 1024))
	for range count {
		key, err := d.DecodeInterface()
		if err != nil {
			return nil, err
		}
		if texts[keyText(key)], err = d.DecodeInterface(); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

func keyText(key any) string {
	if data, ok := key.([]byte); ok {
		return string(data)
	}
	return fmt.Sprint(key)
}

// jsonValue gives values that JSON does not know another form: infinities and NaN become
// text.
func jsonValue(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, element := range v {
			v[key] = jsonValue(element)
		}
	case []any:
		for i, element := range v {
			v[i] = jsonValue(element)
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprint(v)
		}
	case float32:
		return jsonValue(float64(v))
	case []byte:
		return string(v)
	}
	return value
}
