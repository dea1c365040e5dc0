package releases_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/meshmanager/smm/api"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/chartsource"
	"github.com/meshmanager/smm/internal/istio/charttest"
	"github.com/meshmanager/smm/internal/istio/releases"
)

func cluster(t *testing.T, objects ...client.Object) client.Client {
	t.Helper()
	scheme, err := api.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
}

func controlPlane(sources ...smmv1alpha1.ChartSource) *smmv1alpha1.ControlPlane {
	cp := &smmv1alpha1.ControlPlane{ObjectMeta: metav1.ObjectMeta{Name: "smm"}}
	cp.Spec.MeshManager = &smmv1alpha1.MeshManager{Istio: &smmv1alpha1.MeshManagerIstio{ChartSources: sources}}
	return cp
}

func newCatalogue(t *testing.T, c client.Client, options releases.Options) *releases.Catalogue {
	t.Helper()
	options.ControlPlanes, options.Secrets, options.Namespace = c, c, "smm-system"
	options.Stores = chartsource.Options{CacheDir: t.TempDir()}
	return releases.New(options)
}

func sourceOf(t *testing.T, catalogue *releases.Catalogue, version string) string {
	t.Helper()
	release, err := catalogue.Release(t.Context(), version)
	if err != nil {
		t.Fatal(err)
	}
	return release.Version + " " + release.Source.Name
}

// What is built in needs no source, a line means its newest release of all, and what is installed
// by default does not change because somebody publishes something.
func TestReleaseComesFromTheRightPlace(t *testing.T) {
	first := charttest.NewRepository(t, "1.31.1", "1.31.99", "1.33.0-rc.1")
	second := charttest.NewRepository(t, "1.31.99", "1.32.0")
	c := cluster(t, controlPlane(smmv1alpha1.ChartSource{Name: "first", URL: first.URL}, smmv1alpha1.ChartSource{Name: "second", URL: second.URL}))
	catalogue := newCatalogue(t, c, releases.Options{})
	for _, version := range []string{"", "1.31.1", "v1.31.1", "1.30.0-compat"} {
		if got := sourceOf(t, catalogue, version); !strings.HasSuffix(got, " ") {
			t.Errorf("version %q comes from %s", version, got)
		}
	}
	if requests := append(first.Requests(), second.Requests()...); len(requests) > 0 {
		t.Errorf("requests %v for what is built in", requests)
	}
	for version, want := range map[string]string{
		"1.31.99": "1.31.99 first", "1.32.0": "1.32.0 second", "1.31": "1.31.99 first", "1.31.x": "1.31.99 first",
		"1.30": "1.30.0-compat ", "1.33.0-rc.1": "1.33.0-rc.1 first",
	} {
		if got := sourceOf(t, catalogue, version); got != want {
			t.Errorf("version %q is %q; want %q", version, got, want)
		}
	}
	first.Requests()
	second.Requests()
	for range 3 {
		sourceOf(t, catalogue, "1.31.99")
		sourceOf(t, catalogue, "1.31")
	}
	if requests := append(first.Requests(), second.Requests()...); len(requests) > 0 {
		t.Errorf("requests %v for what is known", requests)
	}
}

func TestUnknownVersionTellsWhatIsAvailable(t *testing.T) {
	up, down := charttest.NewRepository(t, "1.31.99"), charttest.NewRepository(t)
	down.Stop()
	c := cluster(t, controlPlane(smmv1alpha1.ChartSource{Name: "up", URL: up.URL}, smmv1alpha1.ChartSource{Name: "down", URL: down.URL}))
	_, err := newCatalogue(t, c, releases.Options{}).Release(t.Context(), "1.15.3")
	want := `Istio version "1.15.3" is not in the catalogue; available: 1.31.99, 1.31.1, 1.30.0-compat; chart source down (` + down.URL + `) cannot be reached: `
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v; want %s…", err, want)
	}
	if istio.DoesNotExist(err) {
		t.Error("a version that the unreachable source may have is said not to exist")
	}
	// What the newest release of a line is cannot be told while a source never told what it has.
	if _, err := newCatalogue(t, c, releases.Options{}).Release(t.Context(), "1.31"); err == nil || !strings.Contains(err.Error(), "chart source down") {
		t.Errorf("error %v; want it to name the source that may have a newer release", err)
	}
	_, err = newCatalogue(t, cluster(t), releases.Options{}).Release(t.Context(), "1.15.3")
	if !istio.DoesNotExist(err) {
		t.Errorf("error %v; want one that says that nobody has the version", err)
	}
}

func TestListShowsSourcesAndTheirProblems(t *testing.T) {
	server, down := charttest.NewRepository(t, "1.32.0", "1.29.3"), charttest.NewRepository(t)
	down.Stop()
	sources := []smmv1alpha1.ChartSource{{Name: "flag", URL: server.URL}, {Name: "down", URL: down.URL}, {Name: "odd", URL: "https://user:s3cret@host"}}
	listed, problems, err := newCatalogue(t, cluster(t), releases.Options{Sources: sources}).List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range listed {
		got = append(got, l.Version+" | "+l.Source.Name+" | "+l.Kubernetes)
	}
	want := []string{"1.32.0 | flag | unknown", "1.31.1 |  | 1.32 to 1.36", "1.30.0-compat |  | 1.32 to 1.36", "1.29.3 | flag | 1.31 to 1.35"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(problems) != 2 || !strings.Contains(problems[0].Problem, "cannot be reached") || !strings.Contains(problems[1].Problem, "must not be in the URL") {
		t.Errorf("problems %+v", problems)
	}
	if strings.Contains(problems[1].Problem, "s3cret") {
		t.Error("a password is shown")
	}
}

// A ControlPlane that is about to be applied counts instead of the one that is there.
func TestPendingControlPlane(t *testing.T) {
	server := charttest.NewRepository(t, "1.32.0")
	there := controlPlane(smmv1alpha1.ChartSource{Name: "acme", URL: "https://example.invalid"})
	pending := controlPlane(smmv1alpha1.ChartSource{Name: "acme", URL: server.URL})
	if got := sourceOf(t, newCatalogue(t, cluster(t, there), releases.Options{}).With(pending), "1.32.0"); got != "1.32.0 acme" {
		t.Errorf("got %s", got)
	}
}

func TestCredentialsComeFromSecrets(t *testing.T) {
	secret := func(data map[string]string) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "smm-system", Name: "charts"}, StringData: data, Data: bytesOf(data)}
	}
	basic := charttest.AskFor("Basic cmVhZGVyOnMzY3JldA==") // reader:s3cret
	server := charttest.NewTLSRepository(t, "1.32.0")
	ca, host := string(server.CA()), strings.TrimSuffix(strings.TrimPrefix(server.URL, "https://"), "/charts")
	for name, test := range map[string]struct {
		secret *corev1.Secret
		asked  string
		want   string
	}{
		"user name and password": {secret(map[string]string{"username": "reader", "password": "s3cret", "ca.crt": ca}), "basic", ""},
		"token":                  {secret(map[string]string{"token": "s3cret\n", "ca.crt": ca}), "token", ""},
		"image pull secret": {secret(map[string]string{
			".dockerconfigjson": `{"auths":{"` + host + `":{"auth":"cmVhZGVyOnMzY3JldA=="}}}`, "ca.crt": ca}), "basic", ""},
		"pull secret of another registry": {secret(map[string]string{
			".dockerconfigjson": `{"auths":{"elsewhere":{"auth":"cmVhZGVyOnMzY3JldA=="}}}`}), "basic", "without an entry for " + host},
		"nothing useful": {secret(map[string]string{"pass": "s3cret"}), "basic", "holds neither username and password"},
		"no Secret":      {nil, "basic", "its Secret smm-system/charts does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.asked == "token" {
				server.Wrap(charttest.AskFor("Bearer s3cret"))
			} else {
				server.Wrap(basic)
			}
			objects := []client.Object{controlPlane(smmv1alpha1.ChartSource{Name: "acme", URL: server.URL, SecretRef: &corev1.LocalObjectReference{Name: "charts"}})}
			if test.secret != nil {
				objects = append(objects, test.secret)
			}
			_, err := newCatalogue(t, cluster(t, objects...), releases.Options{}).Release(t.Context(), "1.32.0")
			var unknown *istio.UnknownVersionError
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (!errors.As(err, &unknown) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cret")):
				t.Errorf("error %v; want %q", err, test.want)
			}
		})
	}
}

func bytesOf(data map[string]string) map[string][]byte {
	encoded := map[string][]byte{}
	for key, value := range data {
		encoded[key] = []byte(value)
	}
	return encoded
}
