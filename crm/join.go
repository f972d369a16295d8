package crm

import (
	"context"
	"errors"
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

// Done implements System: it is not known which system a key went to, so all are
// asked, and one that cannot tell leaves it open.
func (j *joined) Done(ctx context.Context, key string) error {
	open := false
	for _, s := range j.systems {
		err := s.Done(ctx, key)
		if err == nil {
			return nil
		}
		open = open || !errors.Is(err, ErrNotFound)
	}
	if open {
		return ErrUnavailable
	}
	return ErrNotFound
}
