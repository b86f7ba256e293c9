package wire

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"

	"github.com/jcoletaylor/tasker_core/go/fault"
	"github.com/jcoletaylor/tasker_core/go/msgpackstrict"
	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/store/host"
)

// Reply kinds: the first element of a reply.
const (
	replyValue     = 0
	replyStatement = 1
	replyError     = 2
)

// Request is a decoded call.
type Request struct {
	Operation string
	Arguments msgpack.RawMessage
	Answers   []host.Answer
	Origin    Origin
}

// Origin says on whose behalf a request is made. Both may be empty.
type Origin struct {
	// Traceparent is the W3C header of the caller's span.
	Traceparent string
	// CorrelationID is the id by which the caller's log lines find together.
	CorrelationID string
}

// DecodeRequest reads a request envelope. The bytes are the caller's and are not
// kept. Malformed bytes are a *Error with CodeMalformedRequest, those that are nested
// too deep one with CodeInvalidArgument.
func DecodeRequest(data []byte) (request *Request, err error) {
	defer fault.Recover(&err)
	if err := msgpackstrict.Whole(data, msgpackstrict.Around); errors.Is(err, msgpackstrict.ErrTooDeep) {
		return nil, Errorf(CodeInvalidArgument, "the request cannot be read: %v", err)
	} else if err != nil {
		return nil, Errorf(CodeMalformedRequest, "the request is not one whole msgpack value: %v", err)
	}
	d := msgpack.NewDecoder(bytes.NewReader(data))
	request, err = decodeRequest(d)
	if err != nil {
		return nil, Errorf(CodeMalformedRequest, "the request is not [operation, arguments, answers] or [..., origin] in msgpack: %v", err)
	}
	return request, nil
}

func decodeRequest(d *msgpack.Decoder) (*Request, error) {
	n, err := d.DecodeArrayLen()
	if err != nil {
		return nil, err
	}
	if n != 3 && n != 4 {
		return nil, fmt.Errorf("it has %d elements", n)
	}
	request := &Request{}
	if request.Operation, err = d.DecodeString(); err != nil {
		return nil, err
	}
	if request.Arguments, err = d.DecodeRaw(); err != nil {
		return nil, err
	}
	if request.Answers, err = decodeList(d, decodeAnswer); err != nil || n == 3 {
		return request, err
	}
	origin, err := decodeList(d, decodeText)
	if err != nil || origin == nil {
		return request, err
	}
	if len(origin) != 2 {
		return nil, fmt.Errorf("an origin is not [traceparent, correlation id]")
	}
	request.Origin = Origin{Traceparent: orEmpty(origin[0]), CorrelationID: orEmpty(origin[1])}
	return request, nil
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func decodeAnswer(d *msgpack.Decoder) (host.Answer, error) {
	var answer host.Answer
	n, err := d.DecodeArrayLen()
	if err != nil {
		return answer, err
	}
	if n != 3 && n != 4 {
		return answer, fmt.Errorf("an answer has %d elements", n)
	}
	if answer.Statement, err = d.DecodeString(); err != nil {
		return answer, err
	}
	if answer.Rows, err = decodeList(d, decodeRow); err != nil {
		return answer, err
	}
	failure, err := decodeList(d, decodeText)
	if err != nil {
		return answer, err
	}
	if n == 4 {
		nanos, err := d.DecodeInt64()
		if err != nil {
			return answer, err
		}
		answer.Elapsed = time.Duration(max(nanos, 0))
	}
	if failure == nil {
		return answer, nil
	}
	if len(failure) != 2 || failure[1] == nil {
		return answer, fmt.Errorf("a failure is not [sqlstate, message]")
	}
	answer.Failure = &store.Error{Message: *failure[1]}
	if failure[0] != nil {
		answer.Failure.SQLState = *failure[0]
	}
	return answer, nil
}

func decodeRow(d *msgpack.Decoder) ([]*string, error) { return decodeList(d, decodeText) }

func decodeText(d *msgpack.Decoder) (*string, error) {
	code, err := d.PeekCode()
	if err != nil {
		return nil, err
	}
	if code == msgpcode.Nil {
		return nil, d.DecodeNil()
	}
	text, err := d.DecodeString()
	return &text, err
}

// decodeList reads an array; nil gives nil. Elements are appended one by one, so
// a length that the bytes do not hold costs no memory.
func decodeList[T any](d *msgpack.Decoder, element func(*msgpack.Decoder) (T, error)) ([]T, error) {
	n, err := d.DecodeArrayLen()
	if err != nil || n < 0 {
		return nil, err
	}
	list := make([]T, 0, min(n, 64))
	for range n {
		value, err := element(d)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}

// EncodeValue gives the reply of a finished operation.
func EncodeValue(value any) ([]byte, error) { return encode(replyValue, value) }

// EncodeStatement gives the reply that asks the caller to run a statement.
func EncodeStatement(s *store.Statement) ([]byte, error) {
	params := s.Params
	if params == nil {
		params = []*string{}
	}
	return encode(replyStatement, s.Name, s.SQL, params, s.Write)
}

// EncodeError gives the reply of an operation that failed.
func EncodeError(err error) []byte {
	data, encodeErr := encode(replyError, FromError(err))
	if encodeErr != nil {
		// Strings, bools and integers always encode; details are built by us.
		panic(encodeErr)
	}
	return data
}

func encode(elements ...any) ([]byte, error) {
	var buffer bytes.Buffer
	e := msgpack.NewEncoder(&buffer)
	e.UseCompactInts(true)
	if err := e.EncodeArrayLen(len(elements)); err != nil {
		return nil, err
	}
	for _, element := range elements {
		if table, ok := element.(*Table); ok {
			buffer.Grow(table.size())
		}
		if err := e.Encode(element); err != nil {
			return nil, err
		}
	}
	return buffer.Bytes(), nil
}
