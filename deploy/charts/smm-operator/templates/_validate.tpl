{{- /* Documented values that mean nothing here: where they are harmless they are accepted, otherwise refused. */}}
{{- define "smm-operator.validate" -}}
{{- with .Values.rbac.psp }}{{ if .enabled }}
{{- fail "rbac.psp.enabled: Kubernetes has no PodSecurityPolicy any more since 1.25; leave it out" }}
{{- end }}{{ end }}
{{- range $ecr := list .Values.ecr .Values.global.ecr }}{{ with $ecr }}{{ if or .accessKeyID .secretAccessKey }}
{{- fail "ecr: this chart does not log in to ECR: use the nodes' credential provider, or global.basicAuth" }}
{{- end }}{{ end }}{{ end }}
{{- with .Values.global.basicAuth }}{{ if and (or .username .password) (not (and .username .password)) }}
{{- fail "global.basicAuth: a user name needs a password, and a password a user name" }}
{{- end }}{{ end }}
{{- if .Values.prometheusMetrics.authProxy.image }}
{{- fail "prometheusMetrics.authProxy.image: the operator checks itself who reads its metrics, and no proxy runs; leave it out" }}
{{- end }}
{{- if not (has .Values.operator.logLevel (list "info" "debug")) }}
{{- fail (printf "operator.logLevel: %q is neither info nor debug" .Values.operator.logLevel) }}
{{- end }}
{{- if not .Values.operator.image.repository }}
{{- fail "operator.image.repository: name the image of the operator" }}
{{- end }}
{{- if lt (int .Values.operator.replicas) 1 }}
{{- fail "operator.replicas: nothing would keep the mesh; give at least 1, or uninstall the operator" }}
{{- end }}
{{- end }}
