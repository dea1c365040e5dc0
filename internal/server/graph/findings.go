package graph

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/findings"
	"github.com/meshmanager/smm/internal/server/graph/model"
	"github.com/meshmanager/smm/internal/server/session"
	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/analyzer"
	"github.com/meshmanager/smm/internal/validation/files"
)

// Findings lists the findings on objects that the user may see.
func (q query) Findings(ctx context.Context, filter *model.Filter, severity *model.Severity) ([]model.Finding, error) {
	return q.findings(ctx, filter, severity)
}

// Findings follows the findings on objects that the user may see.
func (s subscription) Findings(ctx context.Context, filter *model.Filter, severity *model.Severity) (<-chan []model.Finding, error) {
	if _, err := someone(ctx); err != nil {
		return nil, err
	}
	if s.Board == nil {
		return nil, findings.ErrNotRead
	}
	changed := s.Board.Changed(ctx)
	out := make(chan []model.Finding)
	go func() {
		defer close(out)
		var told []string
		for first := true; ; first = false {
			select {
			case <-ctx.Done():
				return
			case _, open := <-changed:
				if !open {
					return
				}
			}
			now, err := s.findings(ctx, filter, severity)
			if err != nil {
				s.Log.DebugContext(ctx, "findings are not told", "error", err)
				continue
			}
			ids := make([]string, len(now))
			for i := range now {
				ids[i] = now[i].ID
			}
			if !first && slices.Equal(ids, told) {
				continue
			}
			told = ids
			select {
			case out <- now:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

// Findings counts the findings that the query for them would list.
func (n numbers) Findings(ctx context.Context, _ *model.Numbers) (*int, error) {
	filter, _ := graphql.GetFieldContext(ctx).Parent.Args["filter"].(*model.Filter)
	found, err := n.visibleFindings(ctx, filter, nil)
	if errors.Is(err, findings.ErrNotRead) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	count := len(found)
	return &count, nil
}

func (r *Resolver) findings(ctx context.Context, filter *model.Filter, severity *model.Severity) ([]model.Finding, error) {
	found, err := r.visibleFindings(ctx, filter, severity)
	if err != nil {
		return nil, err
	}
	discreet, err := r.discreet(ctx, found)
	if err != nil {
		return nil, err
	}
	documentation := documentationOf(analyzer.Checks())
	described := make([]model.Finding, 0, len(found))
	lines := map[string]func(context.Context) (string, error){} // one reading for all findings of an object
	for _, f := range found {
		one := describeFinding(f, discreet, documentation)
		if lines[one.Object] == nil {
			lines[one.Object] = r.yamlOnce(one.Object)
		}
		one.Locate = locate(f, lines[one.Object])
		described = append(described, one)
	}
	return described, nil
}

// visibleFindings are those on objects that the user may list.
func (r *Resolver) visibleFindings(ctx context.Context, filter *model.Filter, severity *model.Severity) ([]validation.Finding, error) {
	who, err := someone(ctx)
	if err != nil {
		return nil, err
	}
	if r.Board == nil {
		return nil, findings.ErrNotRead
	}
	all, err := r.Board.Findings(ctx)
	if err != nil {
		return nil, err
	}
	wanted := slices.DeleteFunc(all, func(f validation.Finding) bool {
		return !matchesAny(clustersOf(filter), f.Subject.Cluster) || !passes(filter, f.Subject.Namespace, f.Subject.Name, nil) ||
			severity != nil && !strings.EqualFold(string(*severity), string(f.Severity))
	})
	visible := map[string]map[string]bool{} // by cluster and kind: namespaces
	var shown []validation.Finding
	for _, f := range wanted {
		c := r.cluster(f.Subject.Cluster)
		if c == nil {
			continue
		}
		key := c.Name + " " + string(f.Subject.Kind)
		if visible[key] == nil {
			if visible[key], err = visibleNamespaces(ctx, who, c, f.Subject.Kind, wanted); err != nil {
				return nil, err
			}
		}
		if visible[key][f.Subject.Namespace] {
			shown = append(shown, f)
		}
	}
	return shown, nil
}

// visibleNamespaces are those of the findings on a kind in which the user may list the kind; "" stands for what is in none.
func visibleNamespaces(ctx context.Context, who session.Someone, c *cluster.Cluster, kind validation.Kind, all []validation.Finding) (map[string]bool, error) {
	namespaces := map[string]bool{}
	for _, f := range all {
		if f.Subject.Cluster == c.Name && f.Subject.Kind == kind {
			namespaces[f.Subject.Namespace] = true
		}
	}
	visible, err := c.Visible(ctx, who, findings.ToList(kind), slices.Sorted(maps.Keys(namespaces)))
	return setOf(visible), err
}

// documentationOf tells of each check why it is a fault and what to do.
func documentationOf(checks []validation.Check) func(check string) string {
	texts := map[string]string{}
	for _, check := range checks {
		texts[check.ID] = strings.TrimSpace(check.Cause + " " + check.Mend)
	}
	return func(check string) string {
		if code, istios := strings.CutPrefix(check, "istio/"); istios {
			return "https://istio.io/latest/docs/reference/config/analysis/" + strings.ToLower(code) + "/"
		}
		return texts[check]
	}
}

func describeFinding(f validation.Finding, discreet func(string) string, documentation func(string) string) model.Finding {
	object := objectOf(f.Subject)
	path := f.Path
	if f.Field != "" {
		path = "spec." + f.Field
	}
	described := model.Finding{
		ID: f.Check + " " + object.String() + " " + path, Check: f.Check, Severity: model.Severity(strings.ToUpper(string(f.Severity))),
		Message: discreet(f.Message), Object: object.String(), Cluster: f.Subject.Cluster, Namespace: optional(f.Subject.Namespace),
		Name: f.Subject.Name, Kind: f.Subject.Kind.Short(), ControlPlane: optional(f.Revision), Path: optional(path),
		Context: []model.Label{}, Documentation: documentation(f.Check),
	}
	for _, key := range slices.Sorted(maps.Keys(f.Context)) {
		described.Context = append(described.Context, model.Label{Key: key, Value: discreet(f.Context[key])})
	}
	return described
}

// objectOf is the ID of the object that a finding is about.
func objectOf(subject validation.ID) inventory.ID {
	kind := subject.Kind
	if kind == validation.ProxySync {
		kind = validation.Pod
	}
	return inventory.ID{Kind: string(kind), Cluster: subject.Cluster, Namespace: subject.Namespace, Name: subject.Name}
}

// discreet returns what replaces a text that names a namespace of which the user may see nothing.
func (r *Resolver) discreet(ctx context.Context, found []validation.Finding) (func(string) string, error) {
	hidden := map[string]bool{}
	if len(found) > 0 {
		views, err := r.views(ctx, nil)
		if err != nil {
			return nil, err
		}
		for _, v := range views {
			for _, namespace := range v.inventory.Namespaces {
				if !v.services[namespace.Name] && !v.pods[namespace.Name] {
					hidden[namespace.Name] = true
				}
			}
		}
	}
	return func(text string) string {
		words := strings.FieldsFunc(text, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' })
		if slices.ContainsFunc(words, func(word string) bool { return hidden[word] }) {
			return "(this is about a namespace that you may not see)"
		}
		return text
	}, nil
}

// yamlOnce reads an object's YAML at most once.
func (r *Resolver) yamlOnce(id string) func(context.Context) (string, error) {
	var once sync.Once
	var text string
	var err error
	return func(ctx context.Context) (string, error) {
		once.Do(func() {
			parsed, _ := inventory.ParseID(id) // it was made here
			if !cluster.Editable(parsed.Group) {
				return // resource(id) does not show it either
			}
			var resource *model.Resource
			if resource, err = (query{r}).Resource(ctx, id); err == nil && resource != nil {
				text = resource.Yaml
			}
		})
		return text, err
	}
}

// locate finds the line of a finding in its object.
func locate(f validation.Finding, read func(context.Context) (string, error)) func(context.Context) (*int, error) {
	return func(ctx context.Context) (*int, error) {
		text, err := read(ctx)
		if err != nil || text == "" {
			return nil, err
		}
		line := files.FieldLine([]byte(text), f) + 1
		return &line, nil
	}
}
