package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/meshmanager/smm/internal/health"
)

// lookBack is how long ago the health that one table shows is: a judgement of now takes a round of its own.
const lookBack = 2 * time.Minute

// addHealth adds to rows how their objects behave, compared with their past. Live, it is what the last round found; else
// the past is asked for. It returns what keeps it from being known.
func (m *observedMesh) addHealth(ctx context.Context, rows []topRow, services, live bool) []string {
	at := time.Now()
	if !live {
		at = at.Add(-lookBack)
	}
	var problems []string
	for _, cluster := range m.clusters {
		reports, err := m.behaviour.Reports(ctx, cluster, at)
		if err != nil {
			problems = append(problems, fmt.Sprintf("health of cluster %s is not known: %v", cluster, err))
			continue
		}
		for i := range rows {
			row := &rows[i]
			report, known := reports[health.Object{Namespace: row.Namespace, Name: row.Name, Service: services}]
			if !known || row.Cluster != cluster {
				continue
			}
			row.Health = report.Verdict
			if report.Score != health.NoScore {
				row.Score = &report.Score
			}
		}
	}
	return problems
}

// health is the verdict and the score as a table shows them.
func (r *topRow) health() string {
	if r.Score == nil {
		return string(r.Health)
	}
	return fmt.Sprintf("%s %d", r.Health, *r.Score)
}
