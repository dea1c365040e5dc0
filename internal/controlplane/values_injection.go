package controlplane

import (
	"fmt"
	"strings"
	"text/template/parse"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// The built-in injection templates that can be changed, by Istio's names.
const (
	templateSidecar   = "sidecar"
	templateGateway   = "gateway"
	templateGRPCAgent = "grpc-agent"
)

// addition is an injection template that is merged over a built-in one.
type addition struct {
	// base is the built-in template.
	base string
	// name is that of the additional template.
	name string
	// field is where the specification asks for it.
	field string
	text  string
}

// additions lists what the specification merges over the built-in templates, in order: what
// follows from other fields first, so that the user's templates have the last word.
func additions(spec *v1alpha1.IstioControlPlaneSpec) []addition {
	var list []addition
	add := func(field, suffix, text string, bases ...string) {
		for _, base := range bases {
			if text != "" {
				list = append(list, addition{base: base, name: "smm-" + base + "-" + suffix, field: field, text: text})
			}
		}
	}
	add("spec.httpProxyEnvs", "http-proxy", httpProxyTemplate(httpProxyEnv(spec)), templateSidecar, templateGRPCAgent)
	if spec.ProxyInit != nil {
		add("spec.proxyInit.resources", "init-resources", initResourcesTemplate(spec.ProxyInit.Resources), templateSidecar)
	}
	if spec.Proxy != nil && isTrue(spec.Proxy.EnableCoreDump) {
		add("spec.proxy.enableCoreDump", "core-dump", coreDumpTemplate, templateSidecar)
	}
	if spec.SidecarInjector != nil && spec.SidecarInjector.Templates != nil {
		templates := spec.SidecarInjector.Templates
		add("spec.sidecarInjector.templates.sidecar", "custom", templates.Sidecar, templateSidecar)
		add("spec.sidecarInjector.templates.gateway", "custom", templates.Gateway, templateGateway)
	}
	return list
}

// setInjection adds the specification's injection templates to those of the chart.
func setInjection(values tree, spec *v1alpha1.IstioControlPlaneSpec) error {
	templates := map[string]any{}
	for _, extra := range additions(spec) {
		if err := checkTemplate(extra.field, extra.text); err != nil {
			return err
		}
		templates[extra.name] = extra.text
	}
	if injector := spec.SidecarInjector; injector != nil && injector.Templates != nil {
		for i, custom := range injector.Templates.CustomTemplates {
			if err := checkTemplate(fmt.Sprintf("spec.sidecarInjector.templates.customTemplates[%d]", i), custom.Template); err != nil {
				return err
			}
			templates[custom.Name] = custom.Template
		}
	}
	return values.set("sidecarInjectorWebhook.templates", templates)
}

// wantsOrdinaryProxy tells whether what is merged over the sidecar's template changes the proxy's
// container without regard to where it is. Kubernetes' own sidecars are init containers, and a
// template that expects the proxy among the containers would make a second one there, which the
// API server refuses with every pod.
func wantsOrdinaryProxy(injector *v1alpha1.SidecarInjectorConfig) bool {
	if injector == nil || injector.Templates == nil {
		return false
	}
	text := injector.Templates.Sidecar
	return strings.Contains(text, istio.ProxyContainer) && !strings.Contains(text, "NativeSidecars")
}

// checkTemplate refuses a text that istiod could not parse: it would inject no pod at all then.
// The functions that a template calls are istiod's, and are not checked.
func checkTemplate(field, text string) error {
	tree := parse.New(field)
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(text, "", "", map[string]*parse.Tree{}); err != nil {
		return fmt.Errorf("%s is no template: %w", field, err)
	}
	return nil
}
