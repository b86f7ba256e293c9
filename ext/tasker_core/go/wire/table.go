package wire

import (
	"encoding/binary"

	"github.com/vmihailenco/msgpack/v5"
)

// Table is rows by column in binary form. A host decodes a cell when it is read,
// so the cost of crossing does not grow with rows times columns, and Python's
// NumPy can use a column in place.
//
// On the wire: {"rows": n, "columns": [[name, kind, data, nulls, dictionary], ...]}.
// data has 8 bytes a cell (int, time, float: little endian) or 1 (bool), or 4
// for text and decimal: a little endian index into dictionary, a list of
// strings. ids has 4 bytes per cell: the end of the cell's list in dictionary, which
// holds 8 bytes per id; the list begins at the end of the one before. nulls is nil if no cell is null, otherwise one byte per cell,
// 1 for null.
type Table struct {
	Rows    int
	Columns []Column
}

// Column is one column of a table.
type Column struct {
	name       string
	kind       string
	data       []byte
	nulls      []byte
	dictionary []string
	ids        []byte
	codes      map[string]uint32
	last       uint32
}

// The kinds of columns.
const (
	kindInt     = "int"
	kindTime    = "time" // microseconds since 1970-01-01 of the stored wall clock
	kindBool    = "bool"
	kindText    = "text"
	kindDecimal = "decimal" // digits as text, exact
	kindIDs     = "ids"
)

// NewTable gives a table for n rows.
func NewTable(n int) *Table { return &Table{Rows: n} }

func (t *Table) add(name, kind string, width int) *Column {
	t.Columns = append(t.Columns, Column{name: name, kind: kind, data: make([]byte, 0, width*t.Rows)})
	return &t.Columns[len(t.Columns)-1]
}

// Int adds a column of integers; get tells the value of a row and whether it is
// not null.
func (t *Table) Int(name string, get func(row int) (int64, bool)) {
	t.addInts(t.add(name, kindInt, 8), get)
}

// Time adds a column of micros.
func (t *Table) Time(name string, get func(row int) (int64, bool)) {
	t.addInts(t.add(name, kindTime, 8), get)
}

func (t *Table) addInts(c *Column, get func(row int) (int64, bool)) {
	for row := range t.Rows {
		value, ok := get(row)
		c.data = binary.LittleEndian.AppendUint64(c.data, uint64(value))
		if !ok {
			c.null(row, t.Rows)
		}
	}
}

// Bool adds a column of booleans.
func (t *Table) Bool(name string, get func(row int) bool) {
	c := t.add(name, kindBool, 1)
	for row := range t.Rows {
		value := byte(0)
		if get(row) {
			value = 1
		}
		c.data = append(c.data, value)
	}
}

// Text adds a column of strings.
func (t *Table) Text(name string, get func(row int) (string, bool)) {
	t.addTexts(t.add(name, kindText, 4), get)
}

// Decimal adds a column of exact decimals, given as text.
func (t *Table) Decimal(name string, get func(row int) (string, bool)) {
	t.addTexts(t.add(name, kindDecimal, 4), get)
}

// IDs adds a column of lists of integers.
func (t *Table) IDs(name string, get func(row int) []int64) {
	c := t.add(name, kindIDs, 4)
	c.ids = []byte{}
	for row := range t.Rows {
		for _, id := range get(row) {
			c.ids = binary.LittleEndian.AppendUint64(c.ids, uint64(id))
		}
		c.data = binary.LittleEndian.AppendUint32(c.data, uint32(len(c.ids)/8))
	}
}

func (t *Table) addTexts(c *Column, get func(row int) (string, bool)) {
	for row := range t.Rows {
		value, ok := get(row)
		if ok {
			c.data = binary.LittleEndian.AppendUint32(c.data, c.code(value))
			continue
		}
		c.data = binary.LittleEndian.AppendUint32(c.data, 0)
		c.null(row, t.Rows)
	}
}

// code gives the dictionary index of a value. Runs of one value, the common
// case, need no look-up.
func (c *Column) code(value string) uint32 {
	if len(c.dictionary) > 0 && c.dictionary[c.last] == value {
		return c.last
	}
	code, ok := c.codes[value]
	if !ok {
		if c.codes == nil {
			c.codes = make(map[string]uint32)
		}
		code = uint32(len(c.dictionary))
		c.codes[value] = code
		c.dictionary = append(c.dictionary, value)
	}
	c.last = code
	return code
}

func (c *Column) null(row, rows int) {
	if c.nulls == nil {
		c.nulls = make([]byte, rows)
	}
	c.nulls[row] = 1
}

// size is about how many bytes the table takes, so that they are allocated once.
func (t *Table) size() int {
	total := 64
	for i := range t.Columns {
		c := &t.Columns[i]
		total += 64 + len(c.data) + len(c.nulls) + len(c.ids) + 32*len(c.dictionary)
	}
	return total
}

// EncodeMsgpack writes the table.
func (t *Table) EncodeMsgpack(e *msgpack.Encoder) error {
	if err := e.EncodeMapLen(2); err != nil {
		return err
	}
	if err := e.EncodeMulti("rows", t.Rows, "columns"); err != nil {
		return err
	}
	if err := e.EncodeArrayLen(len(t.Columns)); err != nil {
		return err
	}
	for i := range t.Columns {
		if err := t.Columns[i].encode(e); err != nil {
			return err
		}
	}
	return nil
}

func (c *Column) encode(e *msgpack.Encoder) error {
	if err := e.EncodeArrayLen(5); err != nil {
		return err
	}
	if err := e.EncodeMulti(c.name, c.kind); err != nil {
		return err
	}
	if err := e.EncodeBytes(c.data); err != nil {
		return err
	}
	if err := e.EncodeBytes(c.nulls); err != nil {
		return err
	}
	if c.kind == kindIDs {
		return e.EncodeBytes(c.ids)
	}
	return e.Encode(c.dictionary)
}
