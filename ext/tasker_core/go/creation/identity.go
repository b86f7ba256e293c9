package creation

import "strings"

// Kind is how a task gets the text by which it is known.
type Kind string

// The kinds, as the engine names its strategies.
const (
	// UUID is a random one: the engine's default.
	UUID Kind = "uuid"
	// Hash is the SHA256 of what was asked for and the minute of it, so that the same
	// request is the same task.
	Hash Kind = "hash"
	// Given is an identity of the caller.
	Given Kind = "given"
)

// Identity is by what a task is known. No two tasks have the same.
type Identity struct {
	Kind Kind
	// Text is the caller's identity.
	Text string
}

func (i Identity) check() error {
	switch i.Kind {
	case UUID, Hash:
		return nil
	case Given:
		return checkText("identity_hash", i.Text, longestText, false)
	}
	return &ValueError{"identity", `is "` + string(i.Kind) + `"; it must be uuid or hash; pass your own identity as identity_hash`}
}

// HashedText is what the engine's HashIdentityStrategy hashes, up to the minute of the
// request and what HashedEnd has.
func (t Task) HashedText() string {
	var b strings.Builder
	b.WriteByte('{')
	for _, field := range []member{
		{"name", t.Name}, {"initiator", t.Initiator}, {"source_system", t.SourceSystem}, {"context", decode(t.Context)},
		{"reason", t.Reason}, {"bypass_steps", elements(t.BypassSteps)},
	} {
		writeMember(&b, field)
		b.WriteByte(',')
	}
	b.WriteString(`"requested_at":"`)
	return b.String()
}

// HashedEnd follows on the minute.
const HashedEnd = `"}`
