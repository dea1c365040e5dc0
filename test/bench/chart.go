package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// renderRounds is how often the chart is rendered.
const renderRounds = 10

// measureChart renders istiod's chart and applies it to a control plane that has none of it.
func measureChart(ctx context.Context, program string, r *report) error {
	started := time.Now()
	server, err := kubetest.StartServer(program)
	if err != nil {
		return err
	}
	defer server.Stop()
	r.seconds("control plane alone → API server ready", time.Since(started), "")

	config, err := clientcmd.BuildConfigFromFlags("", server.Kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1
	discover, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return err
	}
	version, err := discover.ServerVersion()
	if err != nil {
		return err
	}
	var requests requestCounter
	c, err := countingClient(config, &requests)
	if err != nil {
		return err
	}
	return applyChart(ctx, c, version.GitVersion, &requests, r)
}

func applyChart(ctx context.Context, c client.Client, kubernetesVersion string, requests *requestCounter, r *report) error {
	release := istio.Builtin()[0]
	icp := &v1alpha1.IstioControlPlane{
		ObjectMeta: metav1.ObjectMeta{Name: istio.ControlPlaneName(release.Version), Namespace: istio.DefaultNamespace},
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: icp.Namespace}}
	if err := c.Create(ctx, namespace); err != nil {
		return fmt.Errorf("make namespace %s: %w", icp.Namespace, err)
	}
	objects, err := controlplane.Objects(icp, release, kubernetesVersion, true)
	if err != nil {
		return err
	}
	for range renderRounds {
		start := time.Now()
		if _, err := controlplane.Objects(icp, release, kubernetesVersion, true); err != nil {
			return err
		}
		r.milliseconds("render istiod's chart", time.Since(start), "")
	}
	owner := kube.Owner{Kind: v1alpha1.KindIstioControlPlane, Namespace: icp.Namespace, Name: icp.Name}
	applier := kube.NewApplier(c)
	requests.reset()
	start := time.Now()
	if _, err := applier.Apply(ctx, owner, objects); err != nil {
		return err
	}
	name := fmt.Sprintf("apply istiod's chart (%d objects)", len(objects))
	r.milliseconds(name, time.Since(start), "")
	r.count(name+": writes", float64(requests.writes.Load()), "")
	return nil
}
