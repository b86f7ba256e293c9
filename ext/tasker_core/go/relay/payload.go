package relay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"github.com/vmihailenco/msgpack/v5"
)

// toJSON turns a payload of the bus, a msgpack map or nothing, into JSON.
func toJSON(payload []byte) ([]byte, error) {
	if payload == nil {
		return []byte("null"), nil
	}
	d := msgpack.NewDecoder(bytes.NewReader(payload))
	d.SetMapDecoder(func(d *msgpack.Decoder) (any, error) { return d.DecodeUntypedMap() })
	value, err := d.DecodeInterface()
	if err != nil {
		return nil, err
	}
	return json.Marshal(jsonValue(value))
}

// jsonValue gives values that JSON does not know another form: keys become text,
// infinities and NaN too.
func jsonValue(value any) any {
	switch v := value.(type) {
	case map[any]any:
		texts := make(map[string]any, len(v))
		for key, element := range v {
			texts[fmt.Sprint(key)] = jsonValue(element)
		}
		return texts
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
