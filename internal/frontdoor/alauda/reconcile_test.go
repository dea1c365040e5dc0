package alauda_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api"
	asmv1alpha1 "github.com/meshmanager/smm/api/asm/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/frontdoor/alauda"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/meshgateway"
	"github.com/meshmanager/smm/internal/platform"
)

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	kubetest.Main(m)
}

// cluster is a real API server with a node that reports pods as running, and the reconcilers of a mesh.
type cluster struct {
	*testing.T
	client.Client
	mesh     *kube.Reconciler[*asmv1alpha1.ServiceMesh]
	planes   *kube.Reconciler[*v1alpha1.IstioControlPlane]
	gateways *kube.Reconciler[*v1alpha1.IstioMeshGateway]
}

func start(t *testing.T) *cluster {
	server := kubetest.Start(t, kubetest.WithControllers())
	server.RunNode(t)
	scheme, err := api.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(server.Config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := platform.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	applier := kube.NewApplier(c)
	if _, err := applier.Apply(t.Context(), kube.Owner{Kind: "Test", Name: "crds"}, definitions); err != nil {
		t.Fatal(err)
	}
	return &cluster{t, c,
		alauda.NewReconciler(c, applier, istio.Builtin()),
		controlplane.NewReconciler(c, applier, istio.Builtin(), "v1.36.3"),
		meshgateway.NewReconciler(c, applier, istio.Builtin(), "v1.36.3"),
	}
}

// round has every reconciler look once, as an operator does when something changes.
func (c *cluster) round(ctx context.Context, mesh *asmv1alpha1.ServiceMesh) {
	_, err := c.mesh.Reconcile(ctx, client.ObjectKeyFromObject(mesh))
	c.ignore(err)
	var planes v1alpha1.IstioControlPlaneList
	c.ignore(c.List(ctx, &planes))
	for i := range planes.Items {
		_, err := c.planes.Reconcile(ctx, client.ObjectKeyFromObject(&planes.Items[i]))
		c.ignore(err)
	}
	var gateways v1alpha1.IstioMeshGatewayList
	c.ignore(c.List(ctx, &gateways))
	for i := range gateways.Items {
		_, err := c.gateways.Reconcile(ctx, client.ObjectKeyFromObject(&gateways.Items[i]))
		c.ignore(err)
	}
}

// standIn does what istiod and a cloud do: the root certificate, and addresses of load balancers.
func (c *cluster) standIn(ctx context.Context) {
	c.ignore(client.IgnoreAlreadyExists(client.IgnoreNotFound(c.Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: istio.DefaultNamespace, Name: istio.RootCertConfigMap, Labels: map[string]string{"istio.io/config": "true"}},
		Data:       map[string]string{"root-cert.pem": "certificate"},
	}))))
	var services corev1.ServiceList
	c.ignore(c.List(ctx, &services))
	for i := range services.Items {
		service := &services.Items[i]
		if service.Spec.Type == corev1.ServiceTypeLoadBalancer && len(service.Status.LoadBalancer.Ingress) == 0 {
			service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "192.0.2.1"}}
			c.ignore(c.Status().Update(ctx, service))
		}
	}
}

// ignore notes an error: kinds are served a moment after they are made.
func (c *cluster) ignore(err error) {
	if err != nil {
		c.Logf("round: %v", err)
	}
}

func (c *cluster) until(mesh *asmv1alpha1.ServiceMesh, what string, holds func() bool) {
	c.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		c.round(c.Context(), mesh)
		c.standIn(c.Context())
		if holds() {
			return
		}
		if time.Now().After(deadline) {
			var planes v1alpha1.IstioControlPlaneList
			_ = c.List(c.Context(), &planes)
			for i := range planes.Items {
				c.Logf("%s: %+v", planes.Items[i].Name, planes.Items[i].Status.Conditions)
			}
			c.Fatalf("it never came: %s", what)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// eventually repeats what fails for a moment: new kinds are not served at once.
func (c *cluster) eventually(try func() error) {
	c.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for err := try(); err != nil; err = try() {
		if time.Now().After(deadline) {
			c.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (c *cluster) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// The documented mesh is deployed, in the documented order of states; its password is in a Secret and nowhere else; the
// namespace's documented labels select its control plane; deleted, nothing of it is left.
func TestTheDocumentedMesh(t *testing.T) {
	c := start(t)
	text, err := os.ReadFile("testdata/documented.yaml")
	c.must(err)
	mesh := &asmv1alpha1.ServiceMesh{}
	c.must(yaml.UnmarshalStrict(text, mesh))
	// Gateways need an istiod that answers.
	mesh.Spec.MultiCluster.IsMultiNetwork = nil
	mesh.Spec.ComponentConfig = slices.DeleteFunc(mesh.Spec.ComponentConfig, func(c asmv1alpha1.ComponentConfig) bool {
		return c.Name == asmv1alpha1.ComponentIngress
	})
	mesh.Annotations[corev1.LastAppliedConfigAnnotation] = string(text)
	c.must(client.IgnoreAlreadyExists(c.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: mesh.Namespace}})))
	c.eventually(func() error { return c.Create(t.Context(), mesh, client.FieldOwner("kubectl-client-side-apply")) })

	seen := map[asmv1alpha1.Phase]bool{}
	c.until(mesh, "phase Deployed", func() bool {
		c.must(c.Get(t.Context(), client.ObjectKeyFromObject(mesh), mesh))
		seen[mesh.Status.Phase] = true
		return mesh.Status.Phase == asmv1alpha1.PhaseDeployed
	})
	if !seen[asmv1alpha1.PhaseDeploying] || seen[asmv1alpha1.PhaseFailed] {
		t.Errorf("phases %v", seen)
	}
	if mesh.Status.Version != "v1.31.1" || mesh.Status.DesiredVersion != "v1.31.1" || mesh.Status.Revision != "1-31" {
		t.Errorf("status %+v", mesh.Status)
	}
	whole, err := yaml.Marshal(mesh)
	c.must(err)
	if strings.Contains(string(whole), "passwd") {
		t.Errorf("the password is still in the mesh:\n%s", whole)
	}
	secret := &corev1.Secret{}
	c.must(c.Get(t.Context(), client.ObjectKey{Namespace: mesh.Namespace, Name: alauda.SecretName(mesh)}, secret))
	if string(secret.Data["redis-password"]) != "passwd" {
		t.Error("the Secret does not hold the password")
	}
	var icp v1alpha1.IstioControlPlane
	c.must(c.Get(t.Context(), client.ObjectKey{Namespace: "istio-system", Name: "1-31"}, &icp))
	before := icp.ResourceVersion
	c.round(t.Context(), mesh)
	c.must(c.Get(t.Context(), client.ObjectKeyFromObject(&icp), &icp))
	if icp.ResourceVersion != before {
		t.Error("a round with nothing to do wrote")
	}

	second := mesh.DeepCopy()
	second.ObjectMeta = metav1.ObjectMeta{Namespace: mesh.Namespace, Name: "second"}
	c.must(c.Create(t.Context(), second))
	_, err = c.mesh.Reconcile(t.Context(), client.ObjectKeyFromObject(second))
	c.must(err)
	c.must(c.Get(t.Context(), client.ObjectKeyFromObject(second), second))
	if second.Status.Phase != asmv1alpha1.PhaseFailed || !strings.Contains(second.Status.ErrorMessage, "only one") {
		t.Errorf("a second mesh: %+v", second.Status)
	}
	c.must(c.Delete(t.Context(), second))
	_, err = c.mesh.Reconcile(t.Context(), client.ObjectKeyFromObject(second))
	c.must(err)

	c.must(c.Delete(t.Context(), mesh))
	c.until(mesh, "the mesh's end", func() bool {
		return apierrors.IsNotFound(c.Get(t.Context(), client.ObjectKeyFromObject(mesh), mesh))
	})
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(&icp), &icp); !apierrors.IsNotFound(err) {
		t.Errorf("the control plane is still there: %v", err)
	}
}
