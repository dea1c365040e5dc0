package graph

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meshmanager/smm/internal/migration"
	"github.com/meshmanager/smm/internal/server/graph/model"
)

const (
	// migrationPatience is how long a restarted workload may take to become healthy.
	migrationPatience = 5 * time.Minute
	// maxAtOnce bounds the workloads that may be restarting.
	maxAtOnce = 20
)

// MigrationPlan reads what a migration would do.
func (q query) MigrationPlan(ctx context.Context, clusterName, namespace string, to *string) (*model.MigrationPlan, error) {
	m, target, err := q.migrator(ctx, clusterName, namespace, to, 1)
	if err != nil {
		return nil, err
	}
	plan, err := m.Plan(ctx, namespace, target)
	if err != nil {
		return nil, err
	}
	return &model.MigrationPlan{
		Namespace: plan.Namespace, From: plan.From, To: plan.To, Gateways: append([]string{}, plan.Gateways...),
		Restart: append([]string{}, plan.Restart...), Moved: append([]string{}, plan.Moved...), Left: describeLeft(plan.Left),
	}, nil
}

// MigrateNamespace moves a namespace in the user's name.
func (s subscription) MigrateNamespace(ctx context.Context, clusterName, namespace string, to *string, atOnce *int) (<-chan *model.MigrationProgress, error) {
	count := 1
	if atOnce != nil {
		count = *atOnce
	}
	m, target, err := s.migrator(ctx, clusterName, namespace, to, count)
	if err != nil {
		return nil, err
	}
	who, err := someone(ctx)
	if err != nil {
		return nil, err
	}
	mutation(s).auditNamespace(ctx, who, "migrate to "+target.Label, clusterName, namespace)
	out := make(chan *model.MigrationProgress)
	tell := func(progress model.MigrationProgress) {
		select {
		case out <- &progress:
		case <-ctx.Done():
		}
	}
	go func() {
		defer close(out)
		result, err := m.Run(ctx, namespace, target, func(text string) {
			tell(model.MigrationProgress{Text: text, Restarted: []string{}, Left: []model.MigrationRest{}})
		})
		tell(describeResult(result, err))
	}()
	return out, nil
}

func (r *Resolver) migrator(ctx context.Context, clusterName, namespace string, to *string, atOnce int) (*migration.Migrator, migration.Target, error) {
	c, who, err := r.asked(ctx, clusterName)
	if err != nil {
		return nil, migration.Target{}, err
	}
	if atOnce < 1 || atOnce > maxAtOnce {
		return nil, migration.Target{}, fmt.Errorf("atOnce is %d: give a number from 1 to %d", atOnce, maxAtOnce)
	}
	client, err := c.Client(who)
	if err != nil {
		return nil, migration.Target{}, err
	}
	plane := ""
	if to != nil {
		plane = *to
	}
	m := migration.New(client, migration.Options{AtOnce: atOnce, Patience: migrationPatience})
	target, err := m.Target(ctx, namespace, plane)
	return m, target, err
}

func describeResult(result migration.Result, err error) model.MigrationProgress {
	progress := model.MigrationProgress{
		Text: "moved to " + result.To, Finished: err == nil, Restarted: append([]string{}, result.Restarted...), Left: describeLeft(result.Left),
	}
	var stopped *migration.StoppedError
	switch {
	case errors.As(err, &stopped):
		progress.Text = fmt.Sprintf("stopped with %d of %d workloads moved", stopped.Moved, stopped.Total)
		progress.Problem = &stopped.Reason
	case err != nil:
		reason := err.Error()
		progress.Text, progress.Problem = "stopped", &reason
	}
	return progress
}

func describeLeft(left []migration.Left) []model.MigrationRest {
	described := []model.MigrationRest{}
	for _, one := range left {
		described = append(described, model.MigrationRest{Name: one.Name, Reason: one.Reason})
	}
	return described
}
