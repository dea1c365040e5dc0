{{- define "smm-operator.selector" -}}
app.kubernetes.io/name: smm-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "smm-operator.labels" -}}
{{ include "smm-operator.selector" . }}
app.kubernetes.io/part-of: service-mesh-manager
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- /* The documented name, which ControlPlanes refer to. */}}
{{- define "smm-operator.pullSecret" -}}
smm-registry.eticloud.io-pull-secret
{{- end }}

{{- define "smm-operator.hasPullSecret" -}}
{{- with .Values.global.basicAuth }}{{ if and .username .password }}yes{{ end }}{{ end }}
{{- end }}

{{- /* How metrics are served: "plain", "secure" or "". */}}
{{- define "smm-operator.metrics" -}}
{{- if .Values.prometheusMetrics.enabled }}plain{{ else if .Values.prometheusMetrics.authProxy.enabled }}secure{{ end }}
{{- end }}
