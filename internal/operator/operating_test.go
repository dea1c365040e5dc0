package operator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/operator"
	"github.com/meshmanager/smm/internal/operator/chart"
)

// line is what the operator's requests go through. It can break them.
type line struct {
	up     atomic.Bool // only an operator that is set up meets what breaks the line
	writes atomic.Int64
	limit  int64                                      // of writes, from which on none is let through; 0 for none
	answer func(*http.Request) (*http.Response, bool) // nil for none of its own
}

var errKilled = errors.New("killed")

func (l *line) send(request *http.Request, next http.RoundTripper) (*http.Response, error) {
	if !l.up.Load() {
		return next.RoundTrip(request)
	}
	if l.dead() {
		return nil, errKilled
	}
	if l.answer != nil {
		if response, answered := l.answer(request); answered {
			return response, nil
		}
	}
	if request.Method != http.MethodGet && request.URL.Query().Get("dryRun") == "" {
		l.writes.Add(1)
	}
	return next.RoundTrip(request)
}

// end is one end of the line.
type end struct {
	*line
	next http.RoundTripper
}

func (e end) RoundTrip(request *http.Request) (*http.Response, error) { return e.send(request, e.next) }

// dead tells that the limit is reached: as if the process had been killed after that write.
func (l *line) dead() bool { return l.limit > 0 && l.writes.Load() >= l.limit }

// refuse is an answer of an API server that cannot serve the request.
func refuse(request *http.Request, code int) *http.Response {
	status, _ := json.Marshal(metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: int32(code), Message: "the server is in trouble",
	})
	header := http.Header{"Content-Type": {"application/json"}}
	if code == http.StatusTooManyRequests {
		header.Set("Retry-After", "1")
	}
	return &http.Response{
		StatusCode: code, Header: header, Body: io.NopCloser(bytes.NewReader(status)), ContentLength: int64(len(status)), Request: request,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
}

// operate runs an operator with the given rights whose requests go through the line, until it is stopped.
func operate(t *testing.T, config *rest.Config, through *line) (stop func()) {
	t.Helper()
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return end{through, next}
	})
	m, err := operator.New(config, operator.Options{Namespace: chart.Namespace, Catalogue: istio.Builtin(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	through.up.Store(true)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Start(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil && !through.dead() {
			t.Errorf("the operator ended: %v", err)
		}
	}
}

// site is a cluster for operators to work on, with somebody who looks.
type site struct {
	c      client.WithWatch
	rights *rest.Config
}

// newSite prepares a cluster: a node that runs nothing, the kinds, the operator's rights, and who publishes the root
// certificate, as istiod would.
func newSite(ctx context.Context, t *testing.T) *site {
	t.Helper()
	cluster := kubetest.Start(t, kubetest.WithControllers())
	cluster.RunNode(t)
	scheme, err := api.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.NewWithWatch(cluster.Config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{c: c, rights: asOperator(ctx, t, cluster)}
	createDefinitions(ctx, t, cluster)
	eventually(ctx, t, "ControlPlanes listed", 30*time.Second, func(ctx context.Context) bool {
		return c.List(ctx, &smmv1alpha1.ControlPlaneList{}) == nil
	})
	go s.publishRootCertificate(ctx)
	t.Cleanup(func() { s.removed(context.WithoutCancel(ctx), t) })
	return s
}

func (s *site) publishRootCertificate(ctx context.Context) {
	changes := kube.Changes(ctx, s.c, []client.ObjectList{&corev1.NamespaceList{}})
	for {
		_ = s.c.Create(ctx, &corev1.ConfigMap{ // it may be there already, or its namespace not yet
			ObjectMeta: metav1.ObjectMeta{Namespace: istio.DefaultNamespace, Name: istio.RootCertConfigMap, Labels: map[string]string{"istio.io/config": "true"}},
			Data:       map[string]string{"root-cert.pem": "certificate"},
		})
		select {
		case <-ctx.Done():
			return
		case <-changes:
		case <-time.After(time.Second):
		}
	}
}

func (s *site) controlPlane() *smmv1alpha1.ControlPlane {
	cp := &smmv1alpha1.ControlPlane{ObjectMeta: metav1.ObjectMeta{Name: "smm"}}
	cp.Spec.ClusterName = "c1"
	cp.Spec.NodeExporter = &smmv1alpha1.NodeExporter{Component: smmv1alpha1.Component{Enabled: new(true)}}
	return cp
}

func (s *site) create(ctx context.Context, t *testing.T) {
	t.Helper()
	if err := s.c.Create(ctx, s.controlPlane()); err != nil {
		t.Fatal(err)
	}
}

// succeeded tells whether the ControlPlane has all that it asks for.
func (s *site) succeeded(ctx context.Context) bool {
	var cp smmv1alpha1.ControlPlane
	return s.c.Get(ctx, client.ObjectKey{Name: "smm"}, &cp) == nil && cp.Status.Status == smmv1alpha1.StatusSucceeded && cp.Status.ObservedGeneration == cp.Generation
}

func (s *site) gone(ctx context.Context) bool {
	return apierrors.IsNotFound(s.c.Get(ctx, client.ObjectKey{Name: "smm"}, &smmv1alpha1.ControlPlane{}))
}

func (s *site) message(ctx context.Context) string {
	var cp smmv1alpha1.ControlPlane
	if err := s.c.Get(ctx, client.ObjectKey{Name: "smm"}, &cp); err != nil {
		return err.Error()
	}
	return cp.Status.ErrorMessage
}

func (s *site) delete(ctx context.Context, t *testing.T) {
	t.Helper()
	if err := s.c.Delete(ctx, s.controlPlane()); client.IgnoreNotFound(err) != nil {
		t.Fatal(err)
	}
}

// removed sees to it that the next test finds an empty cluster, also after a failure.
func (s *site) removed(ctx context.Context, t *testing.T) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if s.gone(ctx) {
		return
	}
	stop := operate(t, s.rights, &line{})
	defer stop()
	s.delete(ctx, t)
	eventually(ctx, t, "cluster emptied", time.Minute, s.gone)
}

// objects are the specifications of what the product keeps on the cluster, by kind and name.
func (s *site) objects(ctx context.Context, t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, kind := range operator.Watched() {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		if err := s.c.List(ctx, list, client.MatchingLabels{kube.ManagedByLabel: kube.ManagedByValue}); err != nil {
			t.Fatal(err)
		}
		for _, item := range list.Items {
			if item.GetAnnotations()[kube.OwnerAnnotation] == "" {
				continue // Kubernetes made it of an object of ours, with its labels
			}
			found[fmt.Sprintf("%s %s/%s", kind.Kind, item.GetNamespace(), item.GetName())] = specification(t, item)
		}
	}
	return found
}

// specification is what of an object does not differ from one installation to the next.
func specification(t *testing.T, item unstructured.Unstructured) string {
	t.Helper()
	metadata := map[string]any{"labels": item.GetLabels(), "annotations": item.GetAnnotations()}
	content := item.DeepCopy().Object
	delete(content, "status")
	for _, chosen := range []string{"clusterIP", "clusterIPs", "healthCheckNodePort"} {
		unstructured.RemoveNestedField(content, "spec", chosen)
	}
	content["metadata"] = metadata
	text, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, part := range strings.Split(string(text), ",") {
		if !strings.Contains(part, `"nodePort"`) && !strings.Contains(part, "deployment.kubernetes.io/revision") && !strings.Contains(part, "deprecated.daemonset") {
			lines = append(lines, part)
		}
	}
	return strings.Join(lines, ",")
}
