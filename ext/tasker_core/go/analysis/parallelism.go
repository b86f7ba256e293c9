package analysis

import "github.com/jcoletaylor/tasker_core/go/readiness"

// Parallelism says what can run side by side.
type Parallelism struct {
	TotalSteps           int64 `msgpack:"total_steps"`
	TotalLevels          int   `msgpack:"total_levels"`
	MaxParallelSteps     int64 `msgpack:"max_parallel_steps"`
	CurrentOpportunities int64 `msgpack:"current_parallel_opportunities"`
	BlockedOpportunities int64 `msgpack:"blocked_parallel_opportunities"`
	// OverallCompletion is percent, a decimal in digits.
	OverallCompletion string             `msgpack:"overall_completion"`
	Levels            []LevelParallelism `msgpack:"levels"`
	// Efficiency is the part of levels with more than one ready step, percent.
	Efficiency float64 `msgpack:"parallelism_efficiency"`
}

// LevelParallelism is one level of the graph.
type LevelParallelism struct {
	Level          int      `msgpack:"level"`
	TotalSteps     int64    `msgpack:"total_steps"`
	ReadySteps     int64    `msgpack:"ready_steps"`
	BlockedSteps   int64    `msgpack:"blocked_steps"`
	ErrorSteps     int64    `msgpack:"error_steps"`
	CompletedSteps int64    `msgpack:"completed_steps"`
	StepNames      []string `msgpack:"step_names"`
	Potential      string   `msgpack:"parallelism_potential"`
	BottleneckRisk string   `msgpack:"bottleneck_risk"`
}

func (a *analyzer) parallelism(steps []Level) Parallelism {
	levels := []LevelParallelism{}
	for _, step := range steps {
		// Levels come in ascending order, and none is left out.
		if int(step.Level) == len(levels) {
			levels = append(levels, LevelParallelism{Level: int(step.Level)})
		}
		levels[step.Level].add(&a.Steps[step.node])
	}
	p := Parallelism{
		TotalSteps: a.Task.TotalSteps, TotalLevels: len(levels), CurrentOpportunities: a.Task.ReadySteps,
		OverallCompletion: a.Task.CompletionPercentage, Levels: levels,
	}
	parallel := int64(0)
	for i := range levels {
		level := &levels[i]
		level.judge()
		p.MaxParallelSteps = max(p.MaxParallelSteps, level.TotalSteps)
		p.BlockedOpportunities += level.BlockedSteps
		if level.ReadySteps > 1 {
			parallel++
		}
	}
	p.Efficiency = percent(parallel, int64(len(levels)))
	return p
}

func (l *LevelParallelism) add(s *readiness.Status) {
	l.TotalSteps++
	l.StepNames = append(l.StepNames, s.Name)
	if s.ReadyForExecution {
		l.ReadySteps++
	}
	if !s.DependenciesSatisfied {
		l.BlockedSteps++
	}
	if failed(s) {
		l.ErrorSteps++
	}
	if completed(s) {
		l.CompletedSteps++
	}
}

func (l *LevelParallelism) judge() {
	switch {
	case l.ReadySteps > 1:
		l.Potential = High
	case l.ReadySteps == 1:
		l.Potential = Medium
	default:
		l.Potential = Low
	}
	l.BottleneckRisk = Low
	if l.BlockedSteps > l.TotalSteps/2 {
		l.BottleneckRisk = High
	}
}
