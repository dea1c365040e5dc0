package access

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/meshmanager/smm/internal/signin"
)

// maxQuestions bounds the questions that are asked at the same time on behalf of one call.
const maxQuestions = 16

// Namespaces returns those of the namespaces in which the user may do it, in the order given. Who may do it everywhere
// is asked about once.
func (r *Reviewer) Namespaces(ctx context.Context, user signin.User, action Action, namespaces []string) ([]string, error) {
	action.Namespace = ""
	everywhere, err := r.Allowed(ctx, user, action)
	if err != nil {
		return nil, err
	}
	if everywhere {
		return namespaces, nil
	}
	allowed := make([]bool, len(namespaces))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxQuestions)
	for i, namespace := range namespaces {
		group.Go(func() error {
			inOne := action
			inOne.Namespace = namespace
			var err error
			allowed[i], err = r.Allowed(ctx, user, inOne)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var visible []string
	for i, namespace := range namespaces {
		if allowed[i] {
			visible = append(visible, namespace)
		}
	}
	return visible, nil
}
