package relay

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/fault"
	"github.com/jcoletaylor/tasker_core/go/msgpackstrict"
)

const (
	version = "tc1"
	// maxMessage is below PostgreSQL's limit of 8,000 bytes.
	maxMessage = 7900
	// MaxEvent is how long the JSON of an event may be; the payload of a longer one is
	// replaced by its size.
	MaxEvent = 1 << 20
	// longestOrigin is above what the name of a host and two numbers take.
	longestOrigin = 320
	// maxParts bounds what a stranger's message can make a listener keep: one event of
	// the largest size, with the names that it has beside its payload.
	maxParts = (MaxEvent+64<<10)/(maxMessage-48-longestOrigin) + 1
)

// rowLevels are the levels of a message around a payload: the list, and the event in it.
const rowLevels = 2

// Omitted is the field that stands for a payload which is too large.
const Omitted = "payload_omitted_bytes"

// Writer makes messages of one origin. It is safe for use by many goroutines.
type Writer struct {
	origin string
	number atomic.Uint64
}

// NewWriter gives a writer for an origin, which must hold no blank.
func NewWriter(origin string) *Writer { return &Writer{origin: origin} }

// Messages packs events, in their order, into as few messages as they fit. Events
// whose payload cannot be read are left out; the error tells of the last of them.
func (w *Writer) Messages(events []event.Event) (messages []string, unreadable int, err error) {
	texts := make([][]byte, 0, len(events))
	for i := range events {
		text, problem := encode(&events[i])
		if problem != nil {
			unreadable++
			err = fmt.Errorf("the event %s cannot be relayed: %w", events[i].Name, problem)
			continue
		}
		texts = append(texts, text)
	}
	return w.pack(texts), unreadable, err
}

// pack makes messages of events in JSON.
func (w *Writer) pack(texts [][]byte) (messages []string) {
	var open strings.Builder
	for _, text := range texts {
		if open.Len() > 0 && open.Len()+len(text)+2 > w.room() {
			messages = append(messages, w.wrap(open.String()+"]")...)
			open.Reset()
		}
		if open.Len() == 0 {
			open.WriteByte('[')
		} else {
			open.WriteByte(',')
		}
		open.Write(text)
	}
	if open.Len() > 0 {
		messages = append(messages, w.wrap(open.String()+"]")...)
	}
	return messages
}

// room is what the longest header leaves of a message.
func (w *Writer) room() int { return maxMessage - len(w.origin) - 48 }

// wrap gives a list its header, in as many parts as it needs.
func (w *Writer) wrap(list string) []string {
	number := w.number.Add(1)
	room := w.room()
	parts := (len(list) + room - 1) / room
	messages := make([]string, parts)
	for part := range parts {
		end := min(len(list), (part+1)*room)
		messages[part] = fmt.Sprintf("%s %s %d %d %d\n%s", version, w.origin, number, part, parts, list[part*room:end])
	}
	return messages
}

// message is one that was heard.
type message struct {
	origin string
	number uint64
	part   int
	parts  int
	body   string
}

func parse(text string) (message, error) {
	head, body, found := strings.Cut(text, "\n")
	words := strings.Split(head, " ")
	if !found || len(words) != 5 || words[0] != version {
		return message{}, fmt.Errorf("it does not begin with %s and four words", version)
	}
	number, err := strconv.ParseUint(words[2], 10, 64)
	if err != nil {
		return message{}, fmt.Errorf("its number is %q", words[2])
	}
	part, partErr := strconv.Atoi(words[3])
	parts, partsErr := strconv.Atoi(words[4])
	if len(words[1]) > longestOrigin {
		return message{}, fmt.Errorf("its origin has %d bytes", len(words[1]))
	}
	if partErr != nil || partsErr != nil || part < 0 || part >= parts || parts > maxParts {
		return message{}, fmt.Errorf("it is part %q of %q", words[3], words[4])
	}
	return message{origin: words[1], number: number, part: part, parts: parts, body: body}, nil
}

// encode is an event as a JSON list, in ASCII.
func encode(e *event.Event) (text []byte, err error) {
	defer fault.Recover(&err)
	payload, err := toJSON(e.Payload)
	if err != nil {
		return nil, err
	}
	payload = toASCII(payload)
	if len(payload) > MaxEvent {
		payload = fmt.Appendf(nil, `{"%s":%d}`, Omitted, len(payload))
	}
	text, err = json.Marshal([]any{e.Name, e.OccurredAt, e.TaskID, e.StepID, e.Namespace, e.TaskName, e.StepName, json.RawMessage(payload)})
	return toASCII(text), err
}

// decode reads what encode or the application wrote.
func decode(origin, list string) (events []event.Event, err error) {
	defer fault.Recover(&err)
	if err := msgpackstrict.ShallowJSON([]byte(list), rowLevels); err != nil {
		return nil, err
	}
	var rows [][]json.RawMessage
	if err := json.Unmarshal([]byte(list), &rows); err != nil {
		return nil, err
	}
	events = make([]event.Event, len(rows))
	for i, row := range rows {
		e, payload := &events[i], json.RawMessage(nil)
		into := []any{&e.Name, &e.OccurredAt, &e.TaskID, &e.StepID, &e.Namespace, &e.TaskName, &e.StepName, &payload}
		if len(row) != len(into) {
			return nil, fmt.Errorf("event %d has %d elements, not %d", i, len(row), len(into))
		}
		for j := range row {
			if err := json.Unmarshal(row[j], into[j]); err != nil {
				return nil, fmt.Errorf("event %d: %w", i, err)
			}
		}
		if e.Name == "" || e.Name == GapEvent {
			return nil, fmt.Errorf("event %d has the name %q, which no event can have", i, e.Name)
		}
		if e.Payload, err = fromJSON(payload); err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
		e.Origin = origin
	}
	return events, nil
}

// toASCII writes what is not ASCII as escapes. In JSON it stands in strings only.
func toASCII(text []byte) []byte {
	ascii := true
	for _, b := range text {
		ascii = ascii && b < utf8.RuneSelf
	}
	if ascii {
		return text
	}
	escaped := make([]byte, 0, 2*len(text))
	for _, r := range string(text) {
		if r < utf8.RuneSelf {
			escaped = append(escaped, byte(r))
		} else if r < 0x10000 {
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
		} else {
			r -= 0x10000
			escaped = fmt.Appendf(escaped, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
	}
	return escaped
}
