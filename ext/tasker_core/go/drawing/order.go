package drawing

import (
	"cmp"
	"slices"
)

// sweeps is the number of times that the layers are sorted, alternately forwards and backwards;
// fewSweeps is the number for drawings too dense to follow single edges.
const (
	sweeps        = 12
	fewSweeps     = 2
	denseSegments = 20_000
)

// order sorts the vertices of each layer so that few segments cross.
func (d *diagram) order() {
	position := make([]int32, len(d.vertices))
	d.number(position)
	best, fewest := d.copyLayers(), d.crossings(position)
	rounds := sweeps
	if d.segments() > denseSegments {
		rounds = fewSweeps
	}
	for round := 0; round < rounds && fewest > 0; round++ {
		d.sweep(position, round%2 == 0)
		if crossings := d.crossings(position); crossings < fewest {
			best, fewest = d.copyLayers(), crossings
		}
	}
	d.layers = best
}

func (d *diagram) segments() int {
	count := 0
	for i := range d.vertices {
		count += len(d.vertices[i].out)
	}
	return count
}

func (d *diagram) number(position []int32) {
	for _, layer := range d.layers {
		numberLayer(position, layer)
	}
}

func numberLayer(position, layer []int32) {
	for at, vertex := range layer {
		position[vertex] = int32(at)
	}
}

func (d *diagram) copyLayers() [][]int32 {
	layers := make([][]int32, len(d.layers))
	for i, layer := range d.layers {
		layers[i] = slices.Clone(layer)
	}
	return layers
}

// sweep sorts each layer by where its neighbours in the layer before it are, or
// behind it on the way back.
func (d *diagram) sweep(position []int32, forth bool) {
	mean := make([]float64, len(d.vertices))
	for i := range d.layers {
		layer := d.layers[i]
		if !forth {
			layer = d.layers[len(d.layers)-1-i]
		}
		for _, v := range layer {
			neighbours := d.vertices[v].out
			if forth {
				neighbours = d.vertices[v].in
			}
			mean[v] = meanPosition(position, neighbours, position[v])
		}
		slices.SortStableFunc(layer, func(a, b int32) int { return cmp.Compare(mean[a], mean[b]) })
		numberLayer(position, layer)
	}
}

func meanPosition(position, neighbours []int32, own int32) float64 {
	if len(neighbours) == 0 {
		return float64(own)
	}
	sum := 0.0
	for _, neighbour := range neighbours {
		sum += float64(position[neighbour])
	}
	return sum / float64(len(neighbours))
}

// crossings counts the pairs of segments that cross, between all layers.
func (d *diagram) crossings(position []int32) int {
	count := 0
	var ends []int32
	for i, layer := range d.layers {
		if i+1 == len(d.layers) {
			break
		}
		ends = ends[:0]
		for _, from := range layer {
			first := len(ends)
			for _, to := range d.vertices[from].out {
				ends = append(ends, position[to])
			}
			slices.Sort(ends[first:])
		}
		count += inversions(ends, len(d.layers[i+1]))
	}
	return count
}

// inversions counts the pairs of which the first is larger, with a tree of partial
// sums (Fenwick) over the values 0 to below.
func inversions(values []int32, below int) int {
	tree := make([]int, below+1)
	count := 0
	for seen, value := range values {
		notLarger := 0
		for i := int(value) + 1; i > 0; i -= i & -i {
			notLarger += tree[i]
		}
		count += seen - notLarger
		for i := int(value) + 1; i <= below; i += i & -i {
			tree[i]++
		}
	}
	return count
}
