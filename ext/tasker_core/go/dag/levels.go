package dag

// NoLevel is the level of a step that no root leads to. The engine gives no row
// for it.
const NoLevel int32 = -1

// DependencyLevel is one row of calculate_dependency_levels.
type DependencyLevel struct {
	StepID int64 // workflow_step_id
	Level  int32 // dependency_level
}

// Levels gives, for each step, the length of the longest path from a root, as
// the engine's calculate_dependency_levels does, in time linear in steps and
// edges. A root is a step without parents of any task; paths stay inside the
// task; a step that no root leads to has NoLevel. On a cyclic graph Levels
// returns a *CycleError.
func (g *Graph) Levels() ([]int32, error) {
	if g.cycle != nil {
		return nil, g.cycle
	}
	levels := make([]int32, g.own)
	for node := range levels {
		if !g.IsRoot(int32(node)) {
			levels[node] = NoLevel
		}
	}
	for _, node := range g.order {
		if levels[node] != NoLevel {
			g.raiseChildren(levels, node)
		}
	}
	return levels, nil
}

func (g *Graph) raiseChildren(levels []int32, node int32) {
	for _, child := range g.Children(node) {
		if g.isOwn(child) {
			levels[child] = max(levels[child], levels[node]+1)
		}
	}
}

// DependencyLevels gives the rows of the engine's calculate_dependency_levels
// in its order: by level, then by step id. On a cyclic graph it returns a
// *CycleError.
func (g *Graph) DependencyLevels() ([]DependencyLevel, error) {
	levels, err := g.Levels()
	if err != nil {
		return nil, err
	}
	ends := levelEnds(levels)
	rows := make([]DependencyLevel, reached(levels))
	for node := len(levels) - 1; node >= 0; node-- {
		if level := levels[node]; level != NoLevel {
			ends[level]--
			rows[ends[level]] = DependencyLevel{StepID: g.ids[node], Level: level}
		}
	}
	return rows, nil
}

// levelEnds gives for each level how many steps have it or a lower one.
func levelEnds(levels []int32) []int {
	var ends []int
	for _, level := range levels {
		for int(level) >= len(ends) {
			ends = append(ends, 0)
		}
		if level != NoLevel {
			ends[level]++
		}
	}
	for level := 1; level < len(ends); level++ {
		ends[level] += ends[level-1]
	}
	return ends
}

func reached(levels []int32) int {
	count := 0
	for _, level := range levels {
		if level != NoLevel {
			count++
		}
	}
	return count
}
