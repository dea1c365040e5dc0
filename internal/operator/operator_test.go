package operator_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/api/crds"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/operator"
	"github.com/meshmanager/smm/internal/operator/chart"
	"github.com/meshmanager/smm/internal/platform"
)

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	kubetest.Main(m)
}

// eventually waits until the condition holds, and fails the test when it does not in time.
func eventually(ctx context.Context, t *testing.T, what string, timeout time.Duration, condition func(context.Context) bool) {
	t.Helper()
	started := time.Now()
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, timeout, true, func(ctx context.Context) (bool, error) {
		return condition(ctx), nil
	})
	if err != nil {
		t.Fatalf("%s: not within %s", what, timeout)
	}
	t.Logf("%s after %s", what, time.Since(started).Round(time.Millisecond))
}

// startOperator runs an operator that has the rights of its chart and no others.
func startOperator(ctx context.Context, t *testing.T, cluster *kubetest.Cluster) client.Client {
	t.Helper()
	m, err := operator.New(asOperator(ctx, t, cluster), operator.Options{
		Namespace: chart.Namespace, LeaderElection: true, Catalogue: istio.Builtin(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	running, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Start(running) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the operator ended: %v", err)
		}
	})
	scheme, err := api.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(cluster.Config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func createDefinitions(ctx context.Context, t *testing.T, cluster *kubetest.Cluster) {
	t.Helper()
	scheme, err := api.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(cluster.Config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, definition := range definitions {
		if err := c.Create(ctx, definition); client.IgnoreAlreadyExists(err) != nil {
			t.Fatal(err)
		}
	}
	eventually(ctx, t, "custom resources served", time.Minute, func(ctx context.Context) bool {
		var live apiextensionsv1.CustomResourceDefinition
		for _, definition := range definitions {
			if c.Get(ctx, client.ObjectKeyFromObject(definition), &live) != nil || len(live.Status.AcceptedNames.Kind) == 0 {
				return false
			}
		}
		return true
	})
}

// conditioned is a resource that tells of what was put back.
type conditioned interface {
	client.Object
	StatusConditions() *[]metav1.Condition
}

// awaitDrift waits until a resource names what was put back.
func awaitDrift(ctx context.Context, t *testing.T, c client.Client, resource conditioned, want string) {
	t.Helper()
	message := ""
	defer func() { t.Logf("%s: %s", resource.GetName(), message) }()
	eventually(ctx, t, "named in the condition: "+want, 30*time.Second, func(ctx context.Context) bool {
		if c.Get(ctx, client.ObjectKeyFromObject(resource), resource) != nil {
			return false
		}
		drift := meta.FindStatusCondition(*resource.StatusConditions(), kube.DriftedCondition)
		if drift != nil {
			message = drift.Message
		}
		return message == want
	})
}

// awaitEvents waits until the operator has told of exactly the given events of some resources; it
// sends them in the background.
func awaitEvents(ctx context.Context, t *testing.T, c client.Client, want []string, of ...types.UID) {
	t.Helper()
	var told []string
	defer func() {
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	}()
	eventually(ctx, t, "events told", time.Minute, func(ctx context.Context) bool {
		var events eventsv1.EventList
		if c.List(ctx, &events) != nil {
			return false
		}
		told = nil
		for _, event := range events.Items {
			if event.ReportingController == operator.LeaseName && slices.Contains(of, event.Regarding.UID) && event.Related != nil {
				told = append(told, fmt.Sprintf("%s %s %s %s: %s %s", event.Type, event.Reason, event.Regarding.Kind, event.Regarding.Name, event.Related.Kind, event.Related.Name))
			}
		}
		slices.Sort(told)
		return len(told) >= len(want)
	})
}

// A ControlPlane that is applied to the API server becomes a mesh, what somebody changes is put
// back, and a deleted ControlPlane leaves nothing.
func TestOperatorInstallsRestoresAndRemoves(t *testing.T) {
	cluster := kubetest.Start(t, kubetest.WithControllers())
	cluster.RunNode(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	createDefinitions(ctx, t, cluster)
	c := startOperator(ctx, t, cluster)

	cp := &smmv1alpha1.ControlPlane{
		ObjectMeta: metav1.ObjectMeta{Name: "smm"},
		Spec:       smmv1alpha1.ControlPlaneSpec{ClusterName: "c1"},
	}
	// The API server lists a new kind a moment after it serves it.
	eventually(ctx, t, "ControlPlane made", 30*time.Second, func(ctx context.Context) bool { return c.Create(ctx, cp) == nil })
	istiod := client.ObjectKey{Namespace: "istio-system", Name: "istiod-cp-v131x"}
	eventually(ctx, t, "istiod made", time.Minute, func(ctx context.Context) bool {
		return c.Get(ctx, istiod, &appsv1.Deployment{}) == nil
	})
	root := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: istio.RootCertConfigMap, Labels: map[string]string{"istio.io/config": "true"}},
		Data:       map[string]string{"root-cert.pem": "certificate"},
	}
	if err := c.Create(ctx, root); err != nil {
		t.Fatal(err)
	}
	eventually(ctx, t, "ControlPlane succeeded", time.Minute, func(ctx context.Context) bool {
		return c.Get(ctx, client.ObjectKeyFromObject(cp), cp) == nil && cp.Status.Status == smmv1alpha1.StatusSucceeded
	})

	mesh := &servicemeshv1alpha1.IstioMesh{ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: platform.DefaultMeshID}}
	mesh.Spec.Config = &apiextensionsv1.JSON{Raw: []byte(`{"enableTracing":true}`)}
	if err := c.Create(ctx, mesh); err != nil {
		t.Fatal(err)
	}
	eventually(ctx, t, "config of the mesh inherited", time.Minute, func(ctx context.Context) bool {
		var config corev1.ConfigMap
		return c.Get(ctx, client.ObjectKey{Namespace: "istio-system", Name: "istio-cp-v131x"}, &config) == nil &&
			strings.Contains(config.Data["mesh"], "enableTracing: true")
	})
	eventually(ctx, t, "mesh available", time.Minute, func(ctx context.Context) bool {
		return c.Get(ctx, client.ObjectKeyFromObject(mesh), mesh) == nil && mesh.Status.Status == servicemeshv1alpha1.ConfigStateAvailable
	})
	if err := c.Delete(ctx, mesh); err != nil {
		t.Fatal(err)
	}

	webhook := &admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "istio-revision-tag-cp-v131x.istio-system"}}
	if err := c.Delete(ctx, webhook); err != nil {
		t.Fatal(err)
	}
	eventually(ctx, t, "deleted webhook put back", time.Minute, func(ctx context.Context) bool {
		return c.Get(ctx, client.ObjectKeyFromObject(webhook), webhook) == nil
	})
	icp := &servicemeshv1alpha1.IstioControlPlane{ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: "cp-v131x"}}
	awaitDrift(ctx, t, c, icp, "MutatingWebhookConfiguration istio-revision-tag-cp-v131x.istio-system (deleted)")
	var deployment appsv1.Deployment
	if err := c.Get(ctx, istiod, &deployment); err != nil {
		t.Fatal(err)
	}
	wanted := deployment.Spec.Template.Spec.Containers[0].Image
	deployment.Spec.Template.Spec.Containers[0].Image = "somebody/else:1"
	if err := c.Update(ctx, &deployment, client.FieldOwner("somebody")); err != nil {
		t.Fatal(err)
	}
	eventually(ctx, t, "edited Deployment put back", time.Minute, func(ctx context.Context) bool {
		return c.Get(ctx, istiod, &deployment) == nil && deployment.Spec.Template.Spec.Containers[0].Image == wanted
	})
	awaitDrift(ctx, t, c, icp, `Deployment istio-system/istiod-cp-v131x (.spec.template.spec.containers[name="discovery"].image, changed by somebody)`)

	exporter := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: platform.SystemNamespace, Name: "prometheus-node-exporter"}}
	switchOn := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"nodeExporter":{"enabled":true}}}`))
	if err := c.Patch(ctx, cp, switchOn); err != nil {
		t.Fatal(err)
	}
	eventually(ctx, t, "node exporter made", time.Minute, func(ctx context.Context) bool {
		return c.Get(ctx, client.ObjectKeyFromObject(exporter), exporter) == nil
	})
	made := exporter.UID
	if err := c.Delete(ctx, exporter); err != nil {
		t.Fatal(err)
	}
	eventually(ctx, t, "deleted component put back", time.Minute, func(ctx context.Context) bool {
		return c.Get(ctx, client.ObjectKeyFromObject(exporter), exporter) == nil && exporter.UID != made
	})
	awaitDrift(ctx, t, c, cp, "DaemonSet smm-system/prometheus-node-exporter (deleted)")
	if drift := meta.FindStatusCondition(icp.Status.Conditions, kube.DriftedCondition); drift.Status != metav1.ConditionFalse || drift.Reason != kube.ReasonPutBack {
		t.Errorf("what was put back is told as %+v", drift)
	}
	awaitEvents(ctx, t, c, []string{
		"Warning PutBack ControlPlane smm: DaemonSet prometheus-node-exporter",
		"Warning PutBack IstioControlPlane cp-v131x: Deployment istiod-cp-v131x",
		"Warning PutBack IstioControlPlane cp-v131x: MutatingWebhookConfiguration istio-revision-tag-cp-v131x.istio-system",
	}, cp.UID, icp.UID)

	if err := c.Delete(ctx, cp); err != nil {
		t.Fatal(err)
	}
	eventually(ctx, t, "ControlPlane gone", time.Minute, func(ctx context.Context) bool {
		return apierrors.IsNotFound(c.Get(ctx, client.ObjectKeyFromObject(cp), cp))
	})
	if err := c.Get(ctx, client.ObjectKey{Name: "istio-system"}, &corev1.Namespace{}); !apierrors.IsNotFound(err) {
		t.Errorf("namespace istio-system is still there: %v", err)
	}
}
