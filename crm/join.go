package crm

import (
	"context"
	"fmt"
)

// Join makes one System of several: an operation is the first one's that has it.
func Join(systems ...System) System {
	j := &joined{systems: systems, owner: map[string]System{}}
	for _, s := range systems {
		for _, o := range s.Operations() {
			if j.owner[o.Name] == nil {
				j.owner[o.Name] = s
				j.operations = append(j.operations, o)
			}
		}
	}
	return j
}

type joined struct {
	systems    []System
	operations []Operation
	owner      map[string]System
}

// Operations implements System.
func (j *joined) Operations() []Operation { return j.operations }

// Call implements System.
func (j *joined) Call(ctx context.Context, key, operation string, args map[string]string) (map[string]string, error) {
	s := j.owner[operation]
	if s == nil {
		return nil, fmt.Errorf("%w: no operation %q", ErrNotAllowed, operation)
	}
	return s.Call(ctx, key, operation, args)
}

// Done implements System: the operation's system is asked.
func (j *joined) Done(ctx context.Context, key, operation string) error {
	s := j.owner[operation]
	if s == nil {
		return fmt.Errorf("%w: no operation %q", ErrUnavailable, operation)
	}
	return s.Done(ctx, key, operation)
}
