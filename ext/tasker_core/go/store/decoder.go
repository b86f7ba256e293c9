package store

import (
	"fmt"
	"strconv"
)

// decoder takes the columns of a row one after the other and keeps the first
// error.
type decoder struct {
	row []*string
	at  int
	err error
}

func (d *decoder) next() *string {
	d.at++
	return d.row[d.at-1]
}

func take[T any](d *decoder, parse func(*string) ([]T, error)) []T {
	values, err := parse(d.next())
	if err != nil && d.err == nil {
		d.err = err
	}
	return values
}

func (d *decoder) ids() []int64      { return take(d, ParseIDs) }
func (d *decoder) ints() []NullInt   { return take(d, ParseInts) }
func (d *decoder) micros() []NullInt { return take(d, ParseMicros) }
func (d *decoder) texts() []*string  { return take(d, ParseTexts) }

// text gives a plain text column, "" for NULL.
func (d *decoder) text() string {
	if text := d.next(); text != nil {
		return *text
	}
	return ""
}

// integer gives a plain integer column.
func (d *decoder) integer() NullInt {
	text := d.next()
	if text == nil {
		return NullInt{}
	}
	value, err := strconv.ParseInt(*text, 10, 64)
	if err != nil && d.err == nil {
		d.err = &FormatError{Want: "an integer", Got: *text}
	}
	return NullInt{Value: value, Valid: true}
}

// versions gives two columns, ids and row versions.
func (d *decoder) versions() map[int64]int64 {
	ids, versions := d.ids(), d.ids()
	if len(ids) != len(versions) {
		if d.err == nil {
			d.err = &FormatError{Want: "columns of one length", Got: "columns of several lengths"}
		}
		return nil
	}
	return versionsByID(ids, versions)
}

// nullInstant gives a timestamp_send column.
func (d *decoder) nullInstant() NullInt {
	if d.row[d.at] == nil {
		d.at++
		return NullInt{}
	}
	return NullInt{Value: d.instant(), Valid: true}
}

func (d *decoder) instant() int64 {
	text := d.next()
	if text == nil {
		text = new(string)
	}
	micros, err := Micros(*text)
	if err != nil && d.err == nil {
		d.err = err
	}
	return micros
}

// oneRow checks the shape of an answer that is one row.
func oneRow(rows Rows, columns int) ([]*string, error) {
	if len(rows) != 1 || len(rows[0]) != columns {
		return nil, &FormatError{Want: fmt.Sprintf("one row of %d columns", columns), Got: fmt.Sprintf("%d rows", len(rows))}
	}
	return rows[0], nil
}

// packedRow is a row that comes as one array of texts: a host decodes the columns of
// an answer one by one, and a column costs it more than its bytes do.
func packedRow(rows Rows, columns int) ([]*string, error) {
	row, err := oneRow(rows, 1)
	if err != nil {
		return nil, err
	}
	values, err := ParseTexts(row[0])
	if err == nil && len(values) != columns {
		err = &FormatError{Want: fmt.Sprintf("an array of %d texts", columns), Got: fmt.Sprintf("%d", len(values))}
	}
	return values, err
}
