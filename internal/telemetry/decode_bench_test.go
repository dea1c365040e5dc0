package telemetry

import (
	"bytes"
	"fmt"
	"testing"
)

func BenchmarkDecode(b *testing.B) {
	var text bytes.Buffer
	text.WriteString(`{"status":"success","data":{"resultType":"vector","result":[`)
	for i := range 20000 {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, `{"metric":{"reporter":"source","source_cluster":"c1","source_workload":"workload-%d","source_workload_namespace":"shop","source_app":"workload-%d","source_version":"v1","source_principal":"unknown","destination_cluster":"c1","destination_workload":"workload-%d","destination_workload_namespace":"shop","destination_app":"w","destination_version":"v1","destination_service":"service-%d.shop.svc.cluster.local","destination_service_name":"service-%d","destination_service_namespace":"shop","request_protocol":"http","response_code":"200","grpc_response_status":"","response_flags":"-","connection_security_policy":"mutual_tls"},"value":[1795000000.123,"1.%d"]}`, i%3000, i%3000, i%2999, i%1000, i%1000, i)
	}
	text.WriteString(`]}}`)
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decode(bytes.NewReader(text.Bytes()), "vector"); err != nil {
			b.Fatal(err)
		}
	}
}
