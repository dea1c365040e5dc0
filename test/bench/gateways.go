package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/meshgateway"
)

const (
	// measuredGateways is how many gateways are made at once.
	measuredGateways = 100
	gatewayNamespace = "gateways"
	gatewaysTimeout  = 10 * time.Minute
	// parallelRounds is how many gateways are looked at at the same time, as by the operator.
	parallelRounds = 4
)

// measureGateways runs the operator as a process of its own on a control plane whose node runs nothing and reports every
// pod as ready, so that what is measured is the operator: from the first of many gateways made until all are available
// at the API server, and the memory that this takes. Then it looks at all of them once more, when there is nothing to do.
func measureGateways(ctx context.Context, bin string, r *report) (err error) {
	ctx, cancel := context.WithTimeout(ctx, gatewaysTimeout)
	defer cancel()
	server, err := kubetest.StartServer(filepath.Join(bin, "smm-sandbox"), kubetest.WithControllers())
	if err != nil {
		return err
	}
	defer server.Stop()
	config, err := clientcmd.BuildConfigFromFlags("", server.Kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1
	scheme, err := api.NewScheme()
	if err != nil {
		return err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return err
	}
	if err := kubetest.AddNode(ctx, config); err != nil {
		return err
	}
	go balance(ctx, c)
	icp, err := prepareMesh(ctx, c)
	if err != nil {
		return err
	}
	operator, err := startOperator(ctx, bin, server.Kubeconfig)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, operator.stop()) }()
	if err := poll(ctx, controlPlaneAvailable(c, icp)); err != nil {
		return fmt.Errorf("the control plane is not available: %w\n%s", err, operator.log())
	}
	if err := makeGateways(ctx, c, icp, r); err != nil {
		return fmt.Errorf("%w\n%s", err, operator.log())
	}
	peak, err := peakMemory(operator.cmd.Process.Pid)
	if err != nil {
		return err
	}
	r.mebibytes(fmt.Sprintf("operator's memory at its highest (%d gateways)", measuredGateways), peak, "under 150 MiB")
	if err := operator.stop(); err != nil {
		return err
	}
	return measureUnchangedGateways(ctx, config, r)
}

// makeGateways makes the gateways and waits until all are available.
func makeGateways(ctx context.Context, c client.Client, icp client.Object, r *report) error {
	started := time.Now()
	var group errgroup.Group
	group.SetLimit(parallelRounds)
	for i := range measuredGateways {
		group.Go(func() error { return c.Create(ctx, gatewayOf(i, icp)) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("make the gateways: %w", err)
	}
	if err := poll(ctx, gatewaysAvailable(c)); err != nil {
		return fmt.Errorf("%d gateways: %w", measuredGateways, err)
	}
	r.seconds(fmt.Sprintf("%d gateways applied → all Available", measuredGateways), time.Since(started), "under 15 s")
	return nil
}

func gatewayOf(i int, icp client.Object) *v1alpha1.IstioMeshGateway {
	gateway := &v1alpha1.IstioMeshGateway{ObjectMeta: metav1.ObjectMeta{Namespace: gatewayNamespace, Name: fmt.Sprintf("gateway-%d", i)}}
	gateway.Spec.Type = v1alpha1.GatewayTypeIngress
	gateway.Spec.IstioControlPlane = metav1alpha1.NamespacedName{Name: icp.GetName(), Namespace: icp.GetNamespace()}
	gateway.Spec.Service.Type = corev1.ServiceTypeLoadBalancer
	gateway.Spec.Service.Ports = []v1alpha1.ServicePort{{Name: "http2", Port: 80}, {Name: "https", Port: 443}}
	return gateway
}

func gatewaysAvailable(c client.Client) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		var all v1alpha1.IstioMeshGatewayList
		if err := c.List(ctx, &all, client.InNamespace(gatewayNamespace)); err != nil {
			return false, err
		}
		for i := range all.Items {
			if all.Items[i].Status.Status != v1alpha1.ConfigStateAvailable {
				return false, nil
			}
		}
		return len(all.Items) == measuredGateways, nil
	}
}

// measureUnchangedGateways looks at all gateways twice with a reconciler of its own: the first time it has to find out
// that nothing is to be done, the second time it knows.
func measureUnchangedGateways(ctx context.Context, config *rest.Config, r *report) error {
	var requests requestCounter
	c, err := countingClient(config, &requests)
	if err != nil {
		return err
	}
	reconciler := meshgateway.NewReconciler(c, kube.NewApplier(c), istio.Builtin(), "")
	for _, round := range []struct{ name, aim string }{
		{fmt.Sprintf("%d no-op reconciles of gateways, first of a process", measuredGateways), ""},
		{fmt.Sprintf("%d no-op reconciles of gateways", measuredGateways), "under 1 s"},
	} {
		requests.reset()
		started := time.Now()
		var group errgroup.Group
		group.SetLimit(parallelRounds)
		for i := range measuredGateways {
			group.Go(func() error {
				key := client.ObjectKey{Namespace: gatewayNamespace, Name: fmt.Sprintf("gateway-%d", i)}
				outcome, err := reconciler.Reconcile(ctx, key)
				if err == nil && !outcome.Done {
					err = fmt.Errorf("it waits: %s", outcome.Waiting)
				}
				if err != nil {
					return fmt.Errorf("reconcile %s: %w", key, err)
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		r.seconds(round.name, time.Since(started), round.aim)
		r.count(round.name+": writes", float64(requests.writes.Load()), "0")
	}
	return nil
}
