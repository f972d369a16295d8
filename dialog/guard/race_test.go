//go:build race

package guard

// slowed is how much slower the race detector makes the code, at most.
const slowed = 20
