package server

import (
	"log/slog"

	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/findings"
	"github.com/meshmanager/smm/internal/server/proxies"
	"github.com/meshmanager/smm/internal/validation/live"
)

// Observe returns what watches the configuration of the clusters and the state of their proxies.
func Observe(clusters []*cluster.Cluster, log *slog.Logger) (*findings.Board, *proxies.Watch, error) {
	var read []live.Cluster
	var asked []proxies.Cluster
	for _, c := range clusters {
		read = append(read, live.Cluster{Name: c.Name, Config: c.Config()})
		asked = append(asked, proxies.Cluster{Name: c.Name, Inventory: c.Inventory.Inventory, Ask: c.ProxyStatus})
	}
	board, err := findings.New(read, log)
	if err != nil {
		return nil, nil, err
	}
	return board, proxies.New(asked, proxies.Interval, log, board.Tell), nil
}
