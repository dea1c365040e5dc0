package meshgateway

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// surroundings are what a gateway needs and does not make itself.
type surroundings struct {
	namespace    *corev1.Namespace
	controlPlane *v1alpha1.IstioControlPlane // nil when it does not exist
}

// workload is what has become of a gateway.
type workload struct {
	deployment *appsv1.Deployment // nil when it does not exist
	service    *corev1.Service    // nil when it does not exist
}

// observe reads what is there. The reads run at the same time, because together they are most of
// what looking at an unchanged gateway takes.
func observe(ctx context.Context, reader client.Reader, gateway *v1alpha1.IstioMeshGateway) (around surroundings, seen workload, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		around.namespace, err = read(ctx, reader, client.ObjectKey{Name: gateway.Namespace}, &corev1.Namespace{})
		return err
	})
	group.Go(func() (err error) {
		if revision := RevisionOf(gateway); revision.Name != "" {
			key := client.ObjectKey{Namespace: revision.Namespace, Name: revision.Name}
			around.controlPlane, err = read(ctx, reader, key, &v1alpha1.IstioControlPlane{})
		}
		return err
	})
	group.Go(func() (err error) {
		seen, err = observeWorkload(ctx, reader, gateway)
		return err
	})
	err = group.Wait()
	return around, seen, err
}

func observeWorkload(ctx context.Context, reader client.Reader, gateway *v1alpha1.IstioMeshGateway) (seen workload, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		seen.deployment, err = read(ctx, reader, client.ObjectKeyFromObject(gateway), &appsv1.Deployment{})
		return err
	})
	group.Go(func() (err error) {
		seen.service, err = read(ctx, reader, client.ObjectKeyFromObject(gateway), &corev1.Service{})
		return err
	})
	err = group.Wait()
	return seen, err
}

// read reads into the object and returns it, nil when it does not exist.
func read[T client.Object](ctx context.Context, reader client.Reader, key client.ObjectKey, into T) (T, error) {
	var none T
	err := reader.Get(ctx, key, into)
	if apierrors.IsNotFound(err) {
		return none, nil
	}
	if err != nil {
		return none, fmt.Errorf("read %T %s: %w", into, key, err)
	}
	return into, nil
}
