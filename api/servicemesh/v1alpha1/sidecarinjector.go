package v1alpha1

// SidecarInjectorConfig holds the settings of the sidecar injector.
type SidecarInjectorConfig struct {
	// Deployment of the injector, where it runs apart from istiod. It does not: setting it is reported.
	// +optional
	Deployment *WorkloadConfig `json:"deployment,omitempty"`
	// Service of the injector, where it runs apart from istiod. It does not: setting it is reported.
	// +optional
	Service *ServiceConfig `json:"service,omitempty"`
	// Changes of the injection templates.
	// +optional
	Templates *InjectionTemplates `json:"templates,omitempty"`
}

// InjectionTemplates changes the built-in injection templates and adds others.
type InjectionTemplates struct {
	// Template merged over the built-in template sidecar. The proxy, istio-proxy, is an init container where
	// Kubernetes has sidecars of its own, which .NativeSidecars tells; it stays an ordinary container while a
	// template names it without regard to that.
	// +optional
	Sidecar string `json:"sidecar,omitempty"`
	// Template merged over the built-in template gateway.
	// +optional
	Gateway string `json:"gateway,omitempty"`
	// More templates, which a pod chooses with the annotation inject.istio.io/templates.
	// +optional
	// +listType=map
	// +listMapKey=name
	CustomTemplates []InjectionTemplate `json:"customTemplates,omitempty"`
}

// InjectionTemplate is an injection template with a name.
type InjectionTemplate struct {
	// Name by which pods choose the template.
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name"`
	// Text of the template.
	// +optional
	Template string `json:"template,omitempty"`
}
