package operation

import (
	"fmt"
	"strconv"

	"github.com/jcoletaylor/tasker_core/go/store"
)

// columns takes the values of an answer of one row one after the other and keeps
// the first error.
type columns struct {
	row []*string
	at  int
	err error
}

func oneRow(rows store.Rows, width int) (*columns, error) {
	if len(rows) != 1 || len(rows[0]) != width {
		return nil, &store.FormatError{Want: fmt.Sprintf("one row of %d columns", width), Got: fmt.Sprintf("%d rows", len(rows))}
	}
	return &columns{row: rows[0]}, nil
}

func (c *columns) next() *string {
	c.at++
	return c.row[c.at-1]
}

func (c *columns) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *columns) text() string {
	value := c.next()
	if value == nil {
		c.fail(&store.FormatError{Want: "a value", Got: "NULL"})
		return ""
	}
	return *value
}

func (c *columns) integer() int64 {
	text := c.text()
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		c.fail(&store.FormatError{Want: "an integer", Got: text})
	}
	return value
}

func (c *columns) micros() int64 {
	value, err := store.Micros(c.text())
	if err != nil {
		c.fail(err)
	}
	return value
}

func list[T any](c *columns, parse func(*string) ([]T, error)) []T {
	values, err := parse(c.next())
	if err != nil {
		c.fail(err)
	}
	return values
}

// sameLength refuses columns of unequal length, so that what follows can index.
func (c *columns) sameLength(lengths ...int) error {
	for _, length := range lengths {
		if c.err == nil && length != lengths[0] {
			c.err = &store.FormatError{Want: "columns of one length", Got: "columns of several lengths"}
		}
	}
	return c.err
}
