package provision

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// ErrTable is a file or an assignment that cannot be read.
var ErrTable = errors.New("table")

// maxRows is how many things one file may have.
const maxRows = 100_000

// column is one field of a thing: its name, with the names of the structs
// around it ("hours.zone"), and the way to it.
type column struct {
	name string
	path []int
}

// columnsOf are the fields of a type by their yaml names.
func columnsOf(t reflect.Type) []column {
	var out []column
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		if f.Type.Kind() != reflect.Struct {
			out = append(out, column{name, []int{i}})
			continue
		}
		for _, c := range columnsOf(f.Type) {
			out = append(out, column{name + "." + c.name, append([]int{i}, c.path...)})
		}
	}
	return out
}

// text is a field as a cell: lists are joined by spaces, levels are like
// "billing:2 returns:3", what has parts of its own is YAML on one line, and what is
// not set is empty.
func text(v reflect.Value) string {
	if v.IsZero() {
		return ""
	}
	switch t := v.Interface().(type) {
	case []string:
		return strings.Join(t, " ")
	case map[string]int:
		var out []string
		for _, name := range slices.Sorted(maps.Keys(t)) {
			out = append(out, name+":"+strconv.Itoa(t[name]))
		}
		return strings.Join(out, " ")
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Pointer:
		// What a thing is made of can be written.
		data, _ := yaml.MarshalWithOptions(v.Interface(), yaml.Flow(true))
		return strings.TrimSpace(string(data))
	default:
		return fmt.Sprint(v.Interface())
	}
}

// setText sets a field from a cell.
func setText(v reflect.Value, text string) error {
	text = strings.TrimSpace(text)
	if text == "" {
		v.SetZero()
		return nil
	}
	var err error
	switch v.Interface().(type) {
	case []string:
		v.Set(reflect.ValueOf(strings.Fields(text)))
		return nil
	case map[string]int:
		return setLevels(v, text)
	case time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%w: %q is no time like 30s", ErrTable, text)
		}
		v.SetInt(int64(d))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(text)
		v.SetBool(b)
	case reflect.Int:
		var n int
		n, err = strconv.Atoi(text)
		v.SetInt(int64(n))
	case reflect.Float64:
		var n float64
		n, err = strconv.ParseFloat(text, 64)
		v.SetFloat(n)
	case reflect.Slice, reflect.Pointer:
		if err := yaml.UnmarshalWithOptions([]byte(text), v.Addr().Interface(), yaml.Strict()); err != nil {
			return fmt.Errorf("%w: %s", ErrTable, yaml.FormatError(err, false, false))
		}
	default:
		err = errors.New("it cannot be set")
	}
	if err != nil {
		return fmt.Errorf("%w: %q is not a %s", ErrTable, text, v.Kind())
	}
	return nil
}

// setLevels sets a field from names with numbers.
func setLevels(v reflect.Value, text string) error {
	levels := map[string]int{}
	for _, f := range strings.Fields(text) {
		name, number, _ := strings.Cut(f, ":")
		n, err := strconv.Atoi(number)
		if name == "" || err != nil {
			return fmt.Errorf("%w: %q is not like billing:2", ErrTable, f)
		}
		levels[name] = n
	}
	v.Set(reflect.ValueOf(levels))
	return nil
}

// Assign sets fields of a thing from "name=value". ErrTable.
func Assign[T any](t *T, assignments []string) error {
	v := reflect.ValueOf(t).Elem()
	columns := columnsOf(v.Type())
	var faults []error
	for _, a := range assignments {
		name, value, ok := strings.Cut(a, "=")
		at := slices.IndexFunc(columns, func(c column) bool { return c.name == name })
		switch {
		case !ok:
			faults = append(faults, fmt.Errorf("%w: %q is not NAME=VALUE", ErrTable, a))
		case at < 0:
			faults = append(faults, fmt.Errorf("%w: there is no %q; there are %s", ErrTable, name, strings.Join(Columns[T](), ", ")))
		default:
			if err := setText(v.FieldByIndex(columns[at].path), value); err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", name, err))
			}
		}
	}
	return errors.Join(faults...)
}

// Columns are the names of a type's fields as Assign and tables have them.
func Columns[T any]() []string {
	var out []string
	for _, c := range columnsOf(reflect.TypeFor[T]()) {
		out = append(out, c.name)
	}
	return out
}

// ParseCSV reads things from a table whose first row names the columns, which
// may be left out. A byte order mark, as spreadsheets write it, is passed over,
// and semicolons may stand in the commas' place. It returns the things with the
// lines that they stand on, and a fault for each cell that cannot be read by the
// thing's place. The last error is of the file as a whole: ErrTable.
func ParseCSV[T any](data []byte) (things []T, lines []int, faults map[int]error, err error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	r := csv.NewReader(bytes.NewReader(data))
	if first, _, _ := bytes.Cut(data, []byte("\n")); bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		r.Comma = ';'
	}
	head, err := r.Read()
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%w: the first row: %w", ErrTable, err)
	}
	columns, err := header[T](head)
	if err != nil {
		return nil, nil, nil, err
	}
	faults = map[int]error{}
	for len(things) < maxRows {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return things, lines, faults, nil
		}
		if err != nil {
			return nil, nil, nil, fmt.Errorf("%w: %w", ErrTable, err)
		}
		var t T
		line, _ := r.FieldPos(0)
		for i, cell := range row {
			if err := setText(reflect.ValueOf(&t).Elem().FieldByIndex(columns[i].path), cell); err != nil {
				faults[len(things)] = errors.Join(faults[len(things)], fmt.Errorf("%s: %w", columns[i].name, err))
			}
		}
		things, lines = append(things, t), append(lines, line)
	}
	return nil, nil, nil, fmt.Errorf("%w: more than %d rows", ErrTable, maxRows)
}

// header finds the columns of a table's first row.
func header[T any](row []string) ([]column, error) {
	known := columnsOf(reflect.TypeFor[T]())
	var out []column
	for _, name := range row {
		name = strings.ToLower(strings.TrimSpace(name))
		at := slices.IndexFunc(known, func(c column) bool { return c.name == name })
		if at < 0 {
			return nil, fmt.Errorf("%w: there is no column %q; there are %s", ErrTable, name, strings.Join(Columns[T](), ", "))
		}
		if slices.ContainsFunc(out, func(c column) bool { return c.name == name }) {
			return nil, fmt.Errorf("%w: two columns %q", ErrTable, name)
		}
		out = append(out, known[at])
	}
	return out, nil
}

// FormatCSV writes things as ParseCSV reads them, without the hidden columns.
func FormatCSV[T any](things []T, hidden []string) ([]byte, error) {
	columns := slices.DeleteFunc(columnsOf(reflect.TypeFor[T]()), func(c column) bool { return slices.Contains(hidden, c.name) })
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	row := make([]string, len(columns))
	for i, c := range columns {
		row[i] = c.name
	}
	err := w.Write(row)
	for i := range things {
		for j, c := range columns {
			row[j] = text(reflect.ValueOf(&things[i]).Elem().FieldByIndex(c.path))
		}
		err = errors.Join(err, w.Write(row))
	}
	w.Flush()
	return b.Bytes(), errors.Join(err, w.Error())
}

// ParseYAML reads a list of things, strictly. ErrTable.
func ParseYAML[T any](data []byte) ([]T, error) {
	var out []T
	if err := yaml.UnmarshalWithOptions(data, &out, yaml.Strict()); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %s", ErrTable, yaml.FormatError(err, false, true))
	}
	return out, nil
}

// FormatYAML writes things as ParseYAML reads them, without the hidden columns.
func FormatYAML[T any](things []T, hidden []string) ([]byte, error) {
	out := slices.Clone(things)
	for i := range out {
		for _, c := range columnsOf(reflect.TypeFor[T]()) {
			if slices.Contains(hidden, c.name) {
				reflect.ValueOf(&out[i]).Elem().FieldByIndex(c.path).SetZero()
			}
		}
	}
	return yaml.Marshal(out)
}
