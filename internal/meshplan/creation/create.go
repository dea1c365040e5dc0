package creation

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/injection"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/meshplan"
	"github.com/meshmanager/smm/internal/migration"
)

// Watch is told what is waited for.
type Watch func(waiting string)

// Write labels the nodes of a plan and makes its resources. A mesh that is there already is an error.
func Write(ctx context.Context, c client.Client, p meshplan.Plan) error {
	for _, name := range p.Nodes {
		if err := label(ctx, c, name, fmt.Sprintf("%q", meshplan.NodeValue)); err != nil {
			return err
		}
	}
	mesh, icp, err := meshplan.Resources(p)
	if err != nil {
		return err
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: icp.Namespace}}
	if err := c.Create(ctx, namespace); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("make namespace %s: %w", namespace.Name, err)
	}
	for _, object := range []client.Object{mesh, icp} {
		if err := c.Create(ctx, object, client.FieldOwner(kube.FieldManager)); err != nil {
			return fmt.Errorf("make %s %s: %w", object.GetObjectKind().GroupVersionKind().Kind, object.GetName(), err)
		}
	}
	return nil
}

func label(ctx context.Context, c client.Client, node, value string) error {
	patch := fmt.Sprintf(`{"metadata":{"labels":{%q:%s}}}`, meshplan.NodeLabel, value)
	err := c.Patch(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node}}, client.RawPatch(types.MergePatchType, []byte(patch)))
	if err != nil {
		return fmt.Errorf("label node %s: %w", node, err)
	}
	return nil
}

// Wait returns when the mesh runs, or says why it does not when it fails or the context ends.
func Wait(ctx context.Context, c client.WithWatch, name string, watch Watch) (meshplan.Mesh, error) {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	changes := kube.Changes(watching, c, []client.ObjectList{&v1alpha1.IstioControlPlaneList{}})
	for {
		mesh, err := Get(ctx, c, name)
		if err != nil {
			return mesh, err
		}
		switch mesh.Status {
		case meshplan.Running:
			return mesh, nil
		case meshplan.Failed:
			return mesh, fmt.Errorf("mesh %s: %s", name, mesh.Message)
		}
		watch(mesh.Message)
		select {
		case <-ctx.Done():
			return mesh, fmt.Errorf("stopped while waiting: %s: %w", mesh.Message, context.Cause(ctx))
		case <-changes:
		}
	}
}

// Inject has the pods of a namespace get sidecars of the plan's mesh, those that run already too if the plan says so.
func Inject(ctx context.Context, c client.WithWatch, p meshplan.Plan, namespace string, options migration.Options, watch Watch) (restarted int, err error) {
	plane := meshplan.ControlPlane(p)
	if !p.Restart {
		_, err := injection.Enable(ctx, c, namespace, plane.Name)
		return 0, err
	}
	migrator := migration.New(c, options)
	target, err := migrator.Target(ctx, namespace, plane.Label())
	if err != nil {
		return 0, err
	}
	result, err := migrator.Run(ctx, namespace, target, watch)
	return len(result.Restarted), err
}
