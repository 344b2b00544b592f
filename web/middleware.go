package web

import (
	"compress/gzip"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/go-chi/chi/v5/middleware"

	"soshik/handlers"
)

// contentPolicy allows what this site serves itself and nothing else: no inline
// script or style, no eval, no foreign host. Tabler's stylesheet holds small
// images as data: URLs.
const contentPolicy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// requestID gives each request an id of its own, for the log and the audit log.
func requestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()[:12]
		r.Header.Set(handlers.RequestIDHeader, id)
		w.Header().Set(handlers.RequestIDHeader, id)
		next.ServeHTTP(w, r)
	})
}

// recoverer turns a panic into a plain 500, logged once.
func recoverer(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				v := recover()
				if v == nil {
					return
				}
				if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(v)
				}
				log.ErrorContext(r.Context(), "panic", "value", v, "request", r.Header.Get(handlers.RequestIDHeader), "stack", string(debug.Stack()))
				w.WriteHeader(http.StatusInternalServerError)
			}()
			next.ServeHTTP(w, r)
		})
	}
}

// compressed gzips pages. Static files come compressed already and do not pass
// here.
func compressed() func(http.Handler) http.Handler {
	return middleware.NewCompressor(gzip.BestSpeed, "text/html", "text/csv").Handler
}

// health answers whether the program and its database work, for load balancers
// and containers.
func (a *App) health(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := a.DB.Ping(r.Context()); err != nil {
		a.log.ErrorContext(r.Context(), "health check", "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("database does not answer\n"))
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}
