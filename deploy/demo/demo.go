// Package demo holds the demo company, a plainly fictional shop for home
// energy: the folder that "attendant serve" starts with.
package demo

import "embed"

// Files are the company's files: company.yaml, crm.yaml, flows, articles.
//
//go:embed *.yaml flows articles conversations
var Files embed.FS
