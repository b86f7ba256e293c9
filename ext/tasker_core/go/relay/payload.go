package relay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/strict"
)

// toJSON turns a payload of the bus, a msgpack map or nothing, into JSON.
func toJSON(payload []byte) ([]byte, error) {
	if payload == nil {
		return []byte("null"), nil
	}
	if err := strict.Whole(payload, 0); err != nil {
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

// fromJSON turns JSON into a payload of the bus. Only a map is one.
func fromJSON(text []byte) ([]byte, error) {
	if len(text) == 0 || string(text) == "null" {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value map[string]any
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("its payload: %w", err)
	}
	var packed bytes.Buffer
	e := msgpack.NewEncoder(&packed)
	e.UseCompactInts(true)
	err := e.Encode(msgpackValue(value))
	return packed.Bytes(), err
}

// msgpackValue makes integers of numbers that are some.
func msgpackValue(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, element := range v {
			v[key] = msgpackValue(element)
		}
	case []any:
		for i, element := range v {
			v[i] = msgpackValue(element)
		}
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return whole
		}
		number, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return number
	}
	return value
}
