package queue

import (
	"encoding/binary"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func record(number, size int) func([]byte) []byte {
	return func(to []byte) []byte {
		return append(binary.LittleEndian.AppendUint32(to, uint32(number)), make([]byte, size)...)
	}
}

// read takes records and checks that they are from, from + 1 and so on.
func read(t *testing.T, s *spill, from, count, size int) {
	t.Helper()
	for i := range count {
		data, lost := s.take()
		require.Zero(t, lost)
		require.Len(t, data, size+4)
		require.Equal(t, from+i, int(binary.LittleEndian.Uint32(data)))
	}
}

func TestFilesFollowTheBacklog(t *testing.T) {
	folder := t.TempDir()
	s := spill{folder: folder}
	const size, count = 1 << 20, 80
	for i := range count {
		require.Zero(t, s.put(record(i, size)))
	}
	assert.Len(t, s.files, 3)
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Empty(t, entries, "the files have no names")

	read(t, &s, 0, 40, size)
	assert.Len(t, s.files, 2)
	require.Zero(t, s.put(record(count, size)))
	read(t, &s, 40, 41, size)
	assert.Empty(t, s.files)
	assert.Zero(t, s.count)
}

func TestRecordsOfAllSizesComeBack(t *testing.T) {
	s := spill{folder: t.TempDir()}
	sizes := []int{0, 1, blockBytes - 9, blockBytes - 8, blockBytes - 7, blockBytes, 3 * blockBytes, 5, 0}
	for turn := range 3 {
		for i, size := range sizes {
			require.Zero(t, s.put(record(turn*100+i, size)))
		}
		if turn == 1 {
			for i, size := range sizes {
				read(t, &s, i, 1, size)
			}
		}
	}
	for _, turn := range []int{1, 2} {
		for i, size := range sizes {
			read(t, &s, turn*100+i, 1, size)
		}
	}
	assert.Empty(t, s.files)
}

func TestWhatAFileRefusesIsCounted(t *testing.T) {
	s := spill{folder: t.TempDir()}
	require.Zero(t, s.put(record(0, 10)))
	require.NoError(t, s.files[0].file.Close())
	assert.Equal(t, 2, s.put(record(1, blockBytes)), "what was in the block is lost with it")
	assert.Zero(t, s.count)
}

func TestWhatCannotBeReadIsCounted(t *testing.T) {
	s := spill{folder: t.TempDir()}
	for i := range 10 {
		require.Zero(t, s.put(record(i, blockBytes)))
	}
	read(t, &s, 0, 1, blockBytes)
	require.NoError(t, s.files[0].file.Close())
	data, lost := s.take()
	assert.Nil(t, data)
	assert.Equal(t, 9, lost)
	assert.Zero(t, s.count)
	assert.Empty(t, s.files)
}
