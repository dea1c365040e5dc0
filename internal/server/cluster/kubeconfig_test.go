package cluster_test

import (
	"strings"
	"testing"

	"github.com/meshmanager/smm/internal/server/cluster"
)

func kubeconfigOf(server, user string) string {
	return `{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: peer, user: u}}],
		clusters: [{name: peer, cluster: {` + server + `}}], users: [{name: u, user: {` + user + `}}]}`
}

// A kubeconfig that somebody sends must not make the server run programs or read its files.
func TestFromKubeconfig(t *testing.T) {
	const address = "server: 'https://peer.example:6443'"
	for name, test := range map[string]struct{ content, fails string }{
		"with a token":    {kubeconfigOf(address, "token: t"), ""},
		"with a program":  {kubeconfigOf(address, "exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/sh, interactiveMode: Never}"), "is not run here"},
		"token in a file": {kubeconfigOf(address, "tokenFile: /etc/passwd"), "refers to files"},
		"key in a file":   {kubeconfigOf(address, "client-key: /etc/passwd, client-certificate-data: YQ=="), "refers to files"},
		"root in a file":  {kubeconfigOf(address+", certificate-authority: /etc/passwd", "token: t"), "refers to files"},
		"without context": {strings.Replace(kubeconfigOf(address, "token: t"), "current-context: a", "current-context: b", 1), "no current context"},
		"something else":  {"hello", "no kubeconfig"},
	} {
		t.Run(name, func(t *testing.T) {
			config, known, err := cluster.FromKubeconfig(test.content)
			switch {
			case test.fails != "":
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("got %v, want %q", err, test.fails)
				}
			case err != nil:
				t.Error(err)
			case config.Host != "https://peer.example:6443" || known != "peer":
				t.Errorf("cluster %s at %s", known, config.Host)
			}
		})
	}
}
