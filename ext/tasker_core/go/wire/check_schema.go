package wire

import "github.com/jcoletaylor/tasker_core/go/operation"

type schemaCheck struct {
	Differences []schemaDifference `msgpack:"differences"`
	Functions   []functionBody     `msgpack:"functions"`
}

type schemaDifference struct {
	Kind     string `msgpack:"kind"`
	Object   string `msgpack:"object"`
	Expected string `msgpack:"expected"`
	Actual   string `msgpack:"actual"`
	Harmless bool   `msgpack:"harmless"`
	Message  string `msgpack:"message"`
}

// functionBody has nil for origin and rules where the text is not known.
type functionBody struct {
	Name       string  `msgpack:"name"`
	BodyMD5    string  `msgpack:"body_md5"`
	Present    bool    `msgpack:"present"`
	Origin     *string `msgpack:"origin"`
	Rules      *int    `msgpack:"rules"`
	Capability string  `msgpack:"capability"`
}

func checkSchema(c call, _ struct{}) (any, error) {
	check, err := operation.CheckSchema(c.ctx, c.driver)
	if err != nil {
		return nil, err
	}
	reply := schemaCheck{Differences: []schemaDifference{}}
	for _, d := range check.Differences {
		reply.Differences = append(reply.Differences, schemaDifference{
			Kind: string(d.Kind), Object: d.Object, Expected: d.Expected, Actual: d.Actual,
			Harmless: d.Harmless(), Message: d.String(),
		})
	}
	reply.Functions = wireBodies(check.Functions)
	return reply, nil
}

func functionVersions(c call, _ struct{}) (any, error) {
	bodies, err := operation.FunctionVersions(c.ctx, c.driver)
	if err != nil {
		return nil, err
	}
	return wireBodies(bodies), nil
}

func wireBodies(bodies []operation.FunctionBody) []functionBody {
	list := make([]functionBody, len(bodies))
	for i, f := range bodies {
		list[i] = functionBody{Name: f.Name, BodyMD5: f.BodyMD5, Present: f.Present, Capability: f.Capability}
		if f.Known {
			origin, rules := string(f.Version.Origin), f.Version.Rules
			list[i].Origin, list[i].Rules = &origin, &rules
		}
	}
	return list
}
