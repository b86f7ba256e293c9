package queue

// ring is a queue in memory that grows to its limit.
type ring[T any] struct {
	limit int
	items []T
	head  int
	count int
}

const firstSize = 64

// push adds an item; there must be room below the limit.
func (r *ring[T]) push(item *T) {
	if r.count == len(r.items) {
		r.grow()
	}
	r.items[(r.head+r.count)%len(r.items)] = *item
	r.count++
}

func (r *ring[T]) grow() {
	items := make([]T, min(max(firstSize, 2*len(r.items)), r.limit))
	n := copy(items, r.items[r.head:])
	copy(items[n:], r.items[:r.head])
	r.items, r.head = items, 0
}

// first is the oldest item; there must be one.
func (r *ring[T]) first() *T { return &r.items[r.head] }

// drop takes the oldest item out.
func (r *ring[T]) drop() {
	var none T
	r.items[r.head] = none
	r.head = (r.head + 1) % len(r.items)
	r.count--
}
