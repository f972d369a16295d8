//go:build !race

package guard

const slowed = 1
