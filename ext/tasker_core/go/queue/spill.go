package queue

import (
	"encoding/binary"
	"os"
)

// spill is a first-in, first-out list of records in temporary files, which have no
// name: the system removes them with the process. A file is given up when it was read
// to its end, so the space on disk follows the backlog.
type spill struct {
	folder string
	files  []*spillFile
	// count is how many records wait.
	count int
}

// segmentBytes is the size at which the next file is begun, blockBytes what is
// written and read at once.
const (
	segmentBytes = 32 << 20
	blockBytes   = 64 << 10
)

// spillFile has records of a length and that many bytes: those at the end still in
// memory (tail), those at the front already in memory (head).
type spillFile struct {
	file    *os.File
	written int64
	read    int64
	head    []byte
	tail    []byte
	// ahead are the records that are in the file or in head, behind those in tail.
	ahead, behind int
}

// put appends a record and gives the number of records that were lost because they
// could not be written.
func (s *spill) put(record func([]byte) []byte) (lost int) {
	file, err := s.last()
	if err != nil {
		return 1
	}
	file.append(record)
	s.count++
	if len(file.tail) < blockBytes {
		return 0
	}
	lost = file.flush()
	s.count -= lost
	return lost
}

func (s *spill) last() (*spillFile, error) {
	if n := len(s.files); n > 0 && s.files[n-1].written < segmentBytes {
		return s.files[n-1], nil
	}
	file, err := os.CreateTemp(s.folder, "tasker_core_spill")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		_ = file.Close()
		return nil, err
	}
	s.files = append(s.files, &spillFile{file: file})
	return s.files[len(s.files)-1], nil
}

// take returns the oldest record, valid until the next call, or nil and the number of records that
// can no longer be read.
func (s *spill) take() (record []byte, lost int) {
	first := s.files[0]
	record, lost = first.take()
	s.count -= lost
	if record != nil {
		s.count--
	}
	if first.ahead+first.behind == 0 {
		first.close()
		s.files = s.files[1:]
	}
	return record, lost
}

func (s *spill) remove() {
	for _, file := range s.files {
		file.close()
	}
	s.files, s.count = nil, 0
}

func (f *spillFile) append(record func([]byte) []byte) {
	start := len(f.tail)
	f.tail = record(append(f.tail, 0, 0, 0, 0))
	binary.LittleEndian.PutUint32(f.tail[start:], uint32(len(f.tail)-start-4))
	f.behind++
}

// flush writes the tail behind what was written whole: half a write is overwritten by
// the next.
func (f *spillFile) flush() (lost int) {
	if _, err := f.file.WriteAt(f.tail, f.written); err != nil {
		lost = f.behind
	} else {
		f.written += int64(len(f.tail))
		f.ahead += f.behind
	}
	f.tail, f.behind = f.tail[:0], 0
	return lost
}

func (f *spillFile) take() (record []byte, lost int) {
	if f.ahead == 0 {
		// Everything on disk was read: the tail need not go there.
		f.head, f.tail = f.tail, nil
		f.ahead, f.behind = f.behind, 0
	}
	if !f.have(4) || !f.have(4+f.length()) {
		lost, f.ahead = f.ahead, 0
		f.head, f.read = nil, f.written
		return nil, lost
	}
	end := 4 + f.length()
	record, f.head = f.head[4:end], f.head[end:]
	f.ahead--
	return record, 0
}

func (f *spillFile) length() int { return int(binary.LittleEndian.Uint32(f.head)) }

// have reads on until head holds that many bytes; false where that fails.
func (f *spillFile) have(bytes int) bool {
	if len(f.head) >= bytes {
		return true
	}
	block := make([]byte, min(int64(max(bytes, blockBytes)), int64(len(f.head))+f.written-f.read))
	n := copy(block, f.head)
	if len(block) < bytes {
		return false
	}
	if _, err := f.file.ReadAt(block[n:], f.read); err != nil {
		return false
	}
	f.read += int64(len(block) - n)
	f.head = block
	return true
}

func (f *spillFile) close() { _ = f.file.Close() }
