package mesh_test

import (
	"context"
	"crypto/tls"
	"net"
	"testing"

	"github.com/meshmanager/smm/internal/allspark/mesh"
	"github.com/meshmanager/smm/internal/allspark/mesh/meshtest"
)

func newTLS(t *testing.T, files mesh.CertificateFiles) *mesh.TLS {
	t.Helper()
	provider, err := mesh.NewTLS(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(provider.Close)
	return provider
}

// handshake connects both ends over a real socket and returns whom each sees.
func handshake(t *testing.T, server, client *tls.Config) (seenByServer, seenByClient mesh.Peer, serverErr, clientErr error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		connection, err := listener.Accept()
		if err != nil {
			serverErr = err
			return
		}
		defer connection.Close()
		secured := tls.Server(connection, server)
		if serverErr = secured.HandshakeContext(context.Background()); serverErr == nil {
			seenByServer = mesh.PeerOfTLS(secured.ConnectionState())
			_, serverErr = secured.Write([]byte("."))
		}
	}()
	connection, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	secured := tls.Client(connection, client)
	if clientErr = secured.Handshake(); clientErr == nil {
		seenByClient = mesh.PeerOfTLS(secured.ConnectionState())
		_, clientErr = secured.Read(make([]byte, 1)) // TLS 1.3 tells a refusal of the client only here
	}
	connection.Close()
	<-done
	return seenByServer, seenByClient, serverErr, clientErr
}

func TestBothEndsProveWhoTheyAre(t *testing.T) {
	authority := meshtest.NewAuthority(t)
	bookings := newTLS(t, authority.Issue(t, "spiffe://cluster.local/ns/smm-demo/sa/bookings"))
	database := newTLS(t, authority.Issue(t, "spiffe://cluster.local/ns/smm-demo/sa/postgresql"))
	server, err := database.Server(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client, err := bookings.Client(t.Context(), "smm-demo")
	if err != nil {
		t.Fatal(err)
	}
	seenByServer, seenByClient, serverErr, clientErr := handshake(t, server, client)
	if serverErr != nil || clientErr != nil {
		t.Fatal(serverErr, clientErr)
	}
	if seenByServer.Principal != "spiffe://cluster.local/ns/smm-demo/sa/bookings" {
		t.Errorf("the server sees %q", seenByServer.Principal)
	}
	if seenByClient.Principal != "spiffe://cluster.local/ns/smm-demo/sa/postgresql" {
		t.Errorf("the client sees %q", seenByClient.Principal)
	}
}

func TestStrangersAreRefused(t *testing.T) {
	authority, other := meshtest.NewAuthority(t), meshtest.NewAuthority(t)
	const bookings, database = "spiffe://cluster.local/ns/smm-demo/sa/bookings", "spiffe://cluster.local/ns/smm-demo/sa/postgresql"
	tests := map[string]struct {
		client, server mesh.CertificateFiles
	}{
		"client of another authority":    {other.Issue(t, bookings), authority.Issue(t, database)},
		"client of another trust domain": {authority.Issue(t, "spiffe://elsewhere/ns/smm-demo/sa/bookings"), authority.Issue(t, database)},
		"server in another namespace":    {authority.Issue(t, bookings), authority.Issue(t, "spiffe://cluster.local/ns/evil/sa/postgresql")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server, err := newTLS(t, test.server).Server(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			client, err := newTLS(t, test.client).Client(t.Context(), "smm-demo")
			if err != nil {
				t.Fatal(err)
			}
			if _, _, serverErr, clientErr := handshake(t, server, client); serverErr == nil || clientErr == nil {
				t.Errorf("server error %v, client error %v: the connection must be refused", serverErr, clientErr)
			}
		})
	}
	t.Run("client without certificate", func(t *testing.T) {
		server, err := newTLS(t, authority.Issue(t, database)).Server(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, _, serverErr, _ := handshake(t, server, &tls.Config{InsecureSkipVerify: true}); serverErr == nil {
			t.Error("the server accepted it")
		}
	})
}

func TestCertificateWithoutIdentityIsRefusedAtTheStart(t *testing.T) {
	files := meshtest.NewAuthority(t).Issue(t, "https://cluster.local/movies")
	if provider, err := mesh.NewTLS(t.Context(), files); err == nil {
		provider.Close()
		t.Error("NewTLS accepted a certificate without a SPIFFE identity")
	}
}
