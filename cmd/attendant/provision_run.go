package main

import (
	"attendant/sip/number"
	"attendant/sip/provision"
	"attendant/sip/registrar"
	"attendant/sip/trunk"
)

// The commands themselves.

// Run adds one.
func (f numbersAdd) Run(p *program) error {
	return with(p, f.common, numbersBook, func(b *provision.Book[number.Rule], _ *provision.Store) error {
		return edit(p, b, f.edited, "number", false)
	})
}

// Run changes one.
func (f numbersSet) Run(p *program) error {
	return with(p, f.common, numbersBook, func(b *provision.Book[number.Rule], _ *provision.Store) error {
		return edit(p, b, f.edited, "number", true)
	})
}

// Run removes one.
func (f numbersRemove) Run(p *program) error {
	return with(p, f.common, numbersBook, func(b *provision.Book[number.Rule], _ *provision.Store) error { return remove(p, b, f.Name) })
}

// Run shows who has changed one.
func (f numbersHistory) Run(p *program) error {
	return with(p, f.common, numbersBook, func(b *provision.Book[number.Rule], _ *provision.Store) error { return history(p, b, f.Name) })
}

// Run reads a file.
func (f numbersImport) Run(p *program) error {
	return with(p, f.common, numbersBook, func(b *provision.Book[number.Rule], _ *provision.Store) error { return imports(p, b, f.imported) })
}

// Run writes all.
func (f numbersExport) Run(p *program) error {
	return with(p, f.common, numbersBook, func(b *provision.Book[number.Rule], _ *provision.Store) error { return exports(p, b, f.exported) })
}

// Run adds one.
func (f trunksAdd) Run(p *program) error {
	return with(p, f.common, trunksBook, func(b *provision.Book[trunk.Trunk], _ *provision.Store) error {
		return edit(p, b, f.edited, "name", false)
	})
}

// Run changes one.
func (f trunksSet) Run(p *program) error {
	return with(p, f.common, trunksBook, func(b *provision.Book[trunk.Trunk], _ *provision.Store) error {
		return edit(p, b, f.edited, "name", true)
	})
}

// Run removes one.
func (f trunksRemove) Run(p *program) error {
	return with(p, f.common, trunksBook, func(b *provision.Book[trunk.Trunk], _ *provision.Store) error { return remove(p, b, f.Name) })
}

// Run shows who has changed one.
func (f trunksHistory) Run(p *program) error {
	return with(p, f.common, trunksBook, func(b *provision.Book[trunk.Trunk], _ *provision.Store) error { return history(p, b, f.Name) })
}

// Run reads a file.
func (f trunksImport) Run(p *program) error {
	return with(p, f.common, trunksBook, func(b *provision.Book[trunk.Trunk], _ *provision.Store) error { return imports(p, b, f.imported) })
}

// Run writes all.
func (f trunksExport) Run(p *program) error {
	return with(p, f.common, trunksBook, func(b *provision.Book[trunk.Trunk], _ *provision.Store) error { return exports(p, b, f.exported) })
}

// Run adds one.
func (f phonesAdd) Run(p *program) error {
	return with(p, f.common, phonesBook, func(b *provision.Book[registrar.Phone], _ *provision.Store) error {
		return edit(p, b, f.edited, "name", false)
	})
}

// Run changes one.
func (f phonesSet) Run(p *program) error {
	return with(p, f.common, phonesBook, func(b *provision.Book[registrar.Phone], _ *provision.Store) error {
		return edit(p, b, f.edited, "name", true)
	})
}

// Run removes one.
func (f phonesRemove) Run(p *program) error {
	return with(p, f.common, phonesBook, func(b *provision.Book[registrar.Phone], _ *provision.Store) error { return remove(p, b, f.Name) })
}

// Run shows who has changed one.
func (f phonesHistory) Run(p *program) error {
	return with(p, f.common, phonesBook, func(b *provision.Book[registrar.Phone], _ *provision.Store) error { return history(p, b, f.Name) })
}

// Run reads a file.
func (f phonesImport) Run(p *program) error {
	return with(p, f.common, phonesBook, func(b *provision.Book[registrar.Phone], _ *provision.Store) error { return imports(p, b, f.imported) })
}

// Run writes all.
func (f phonesExport) Run(p *program) error {
	return with(p, f.common, phonesBook, func(b *provision.Book[registrar.Phone], _ *provision.Store) error { return exports(p, b, f.exported) })
}
