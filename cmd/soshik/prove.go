package main

import (
	"context"
	"os"

	"soshik/internal/prove"
)

type proof struct {
	prove.Config
}

// Run proves and prints.
func (p *proof) Run(ctx context.Context) error {
	return prove.Run(ctx, p.Config, os.Stdout, os.Stderr)
}
