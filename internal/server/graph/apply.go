package graph

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/graph/model"
	"github.com/meshmanager/smm/internal/server/session"
)

// editor is the field manager of what users write in the dashboard.
const editor = "smm-dashboard"

// ApplyResource creates a resource, or replaces one that nobody else changed since the user read it.
func (m mutation) ApplyResource(ctx context.Context, clusterName, text string, resourceVersion *string, dryRun *bool) (*model.ApplyResult, error) {
	c, who, err := m.asked(ctx, clusterName)
	if err != nil {
		return nil, err
	}
	object, problem := readObject(text)
	if problem != nil {
		return refused(*problem), nil
	}
	kind, err := c.KindOf(cluster.Kind{GroupVersionKind: object.GroupVersionKind()}.Key())
	if err != nil {
		return refused(model.Problem{Message: err.Error()}), nil //nolint:nilerr // the user is told, as of any other mistake
	}
	// The kind is known by its group; the version is the one that the user wrote.
	resource := object.GroupVersionKind().GroupVersion().WithResource(kind.Resource)
	client, err := c.Dynamic(who)
	if err != nil {
		return nil, err
	}
	written, err := write(ctx, client.Resource(resource).Namespace(object.GetNamespace()), object, resourceVersion, dryRun != nil && *dryRun)
	switch {
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		return m.conflict(ctx, c, kind, object)
	case err != nil:
		var status apierrors.APIStatus
		if errors.As(err, &status) && status.Status().Code < 500 {
			return refused(problemsOf(status.Status())...), nil
		}
		return nil, fmt.Errorf("write %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	m.audit(ctx, who, "apply", c.Name, written, dryRun)
	described, err := describeResource(c.Name, kind, written)
	if err != nil {
		return nil, err
	}
	return &model.ApplyResult{Resource: described, Problems: []model.Problem{}}, nil
}

// write creates the object, or updates it when the user says which version they changed.
func write(ctx context.Context, client dynamic.ResourceInterface, object *unstructured.Unstructured, resourceVersion *string, dryRun bool) (*unstructured.Unstructured, error) {
	var dry []string
	if dryRun {
		dry = []string{metav1.DryRunAll}
	}
	if resourceVersion == nil {
		options := metav1.CreateOptions{FieldManager: editor, FieldValidation: metav1.FieldValidationStrict, DryRun: dry}
		return client.Create(ctx, object, options)
	}
	object.SetResourceVersion(*resourceVersion)
	options := metav1.UpdateOptions{FieldManager: editor, FieldValidation: metav1.FieldValidationStrict, DryRun: dry}
	return client.Update(ctx, object, options)
}

// readObject reads one object from what a user wrote.
func readObject(text string) (*unstructured.Unstructured, *model.Problem) {
	asJSON, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		return nil, &model.Problem{Message: err.Error()}
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(asJSON); err != nil {
		return nil, &model.Problem{Message: "this is no Kubernetes object: apiVersion and kind are needed"}
	}
	if object.GetName() == "" {
		path := "metadata.name"
		return nil, &model.Problem{Message: "the object needs a name", Path: &path}
	}
	return object, nil
}

// conflict tells how the object is now that somebody else changed it.
func (m mutation) conflict(ctx context.Context, c *cluster.Cluster, kind cluster.Kind, object *unstructured.Unstructured) (*model.ApplyResult, error) {
	id := inventory.ID{Kind: kind.Kind, Group: kind.Group, Cluster: c.Name, Namespace: object.GetNamespace(), Name: object.GetName()}
	current, _, err := m.find(ctx, id.String())
	if err != nil {
		return nil, err
	}
	result := refused(model.Problem{Message: "somebody else changed or made it meanwhile: compare with how it is now"})
	if current != nil {
		if result.Conflict, err = describeResource(c.Name, kind, current); err != nil {
			return nil, err
		}
	}
	return result, nil
}

func refused(problems ...model.Problem) *model.ApplyResult {
	return &model.ApplyResult{Problems: problems}
}

// problemsOf tells each cause of a refusal with its place, or the refusal itself when it names none.
func problemsOf(status metav1.Status) []model.Problem {
	var problems []model.Problem
	if status.Details != nil {
		for _, cause := range status.Details.Causes {
			problems = append(problems, model.Problem{Message: cause.Message, Path: optional(cause.Field)})
		}
	}
	if len(problems) == 0 {
		problems = append(problems, model.Problem{Message: status.Message})
	}
	return problems
}

// DeleteResource deletes a resource; false when it was not there any more.
func (m mutation) DeleteResource(ctx context.Context, id string) (bool, error) {
	found, kind, err := m.find(ctx, id)
	if err != nil || found == nil {
		return false, err
	}
	who, err := someone(ctx)
	if err != nil {
		return false, err
	}
	parsed, _ := inventory.ParseID(id) // find has read it
	c := m.cluster(parsed.Cluster)
	client, err := c.Dynamic(who)
	if err != nil {
		return false, err
	}
	err = client.Resource(kind.GVR()).Namespace(parsed.Namespace).Delete(ctx, parsed.Name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("delete %s: %w", id, err)
	}
	m.audit(ctx, who, "delete", c.Name, found, nil)
	return true, nil
}

// auditNamespace notes a change of what a namespace as a whole is told to be or do.
func (m mutation) auditNamespace(ctx context.Context, who session.Someone, verb, clusterName, namespace string) {
	object := &unstructured.Unstructured{}
	object.SetAPIVersion("v1")
	object.SetKind("Namespace")
	object.SetName(namespace)
	m.audit(ctx, who, verb, clusterName, object, nil)
}

// audit notes a change with who made it, without its content.
func (m mutation) audit(ctx context.Context, who session.Someone, verb, clusterName string, object *unstructured.Unstructured, dryRun *bool) {
	if dryRun != nil && *dryRun {
		return
	}
	m.Log.InfoContext(ctx, "audit", "user", who.User.Name, "verb", verb, "cluster", clusterName,
		"kind", object.GroupVersionKind().String(), "namespace", object.GetNamespace(), "name", object.GetName())
}
