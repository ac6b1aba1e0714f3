using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Overwrites with zeros what the database's pages hold and no row has any more: free pages, free blocks, and the room between a
/// page's cells, where SQLite leaves copies of rows that it has moved. Nobody reads these bytes, so it may be done beside readers, and
/// an end in the middle does no harm. SQLite's file format: https://www.sqlite.org/fileformat2.html.
/// </summary>
/// <remarks>
/// To be used by the writer between two transactions, while the write-ahead log is empty and its connection has no page in memory: a page
/// that is written from there would bring the old bytes back.
/// </remarks>
/// <param name="file">The database file; open for as long as any connection is, since closing it takes SQLite's locks away.</param>
internal sealed class PageScrubber(SafeFileHandle file)
{
    private const int PageSizeAt = 16;
    private const int FirstTrunkAt = 32;
    private const int HeaderBytes = 100;
    private const int LeafHeaderBytes = 8;
    private const int InteriorHeaderBytes = 12;
    private const int BlockHeaderBytes = 4;
    private const int LargestPage = 65_536;
    private byte[] _page = new byte[HeaderBytes];

    /// <summary>Overwrites all free pages.</summary>
    /// <exception cref="InvalidDataException">The list of free pages makes no sense.</exception>
    public void ScrubFreePages()
    {
        Read(1);
        _page = new byte[ReadUInt16(PageSizeAt) is > 1 and var bytes ? bytes : LargestPage];
        Read(1);
        var (trunk, last, zeros) = (ReadUInt32(FirstTrunkAt), Count(), new byte[_page.Length]);
        for (var seen = 0L; trunk != 0 && seen <= last; seen++)
        {
            EnsureThere(trunk, last);
            Read(trunk);
            var (next, leaves) = (ReadUInt32(0), ReadUInt32(4));
            var used = 8 + (4 * leaves);
            if (used > _page.Length)
            {
                throw new InvalidDataException($"free page {trunk} lists {leaves} pages: the file is damaged");
            }

            for (var leaf = 0; leaf < leaves; leaf++)
            {
                var page = ReadUInt32(8 + (4 * leaf));
                EnsureThere(page, last);
                RandomAccess.Write(file, zeros, At(page));
            }

            if (Clear((int)used, _page.Length))
            {
                RandomAccess.Write(file, _page, At(trunk));
            }

            trunk = next;
        }
    }

    /// <summary>Overwrites what lies between the rows of some pages; after <see cref="ScrubFreePages"/>.</summary>
    /// <param name="page">The first of them, from 1.</param>
    /// <param name="count">How many.</param>
    /// <returns>The page that follows; 0 after the last one.</returns>
    public long Scrub(long page, int count)
    {
        var last = Count();
        for (var end = Math.Min(last, page + count - 1); page <= end; page++)
        {
            Read(page);
            if (ScrubRows(page == 1 ? HeaderBytes : 0))
            {
                RandomAccess.Write(file, _page, At(page));
            }
        }

        return page > last ? 0 : page;
    }

    // Overflow pages and free ones begin with the number of another page, whose highest byte is 0 below 128 GB.
    private bool ScrubRows(int header)
    {
        var rows = _page[header] switch
        {
            2 or 5 => header + InteriorHeaderBytes,
            10 or 13 => header + LeafHeaderBytes,
            _ => 0,
        };
        var content = ReadUInt16(header + 5) is > 0 and var start ? start : _page.Length;
        var array = rows + (2 * ReadUInt16(header + 3));
        if (rows == 0 || array > content || content > _page.Length)
        {
            return false;
        }

        var isChanged = Clear(array, content);
        for (int block = ReadUInt16(header + 1), before = 0; block > before && block + BlockHeaderBytes <= _page.Length;)
        {
            isChanged |= Clear(block + BlockHeaderBytes, Math.Min(_page.Length, block + ReadUInt16(block + 2)));
            (before, block) = (block, ReadUInt16(block));
        }

        return isChanged;
    }

    private bool Clear(int from, int to)
    {
        if (from >= to || _page.AsSpan(from, to - from).IndexOfAnyExcept((byte)0) < 0)
        {
            return false;
        }

        _page.AsSpan(from, to - from).Clear();
        return true;
    }

    private void Read(long page)
    {
        for (var done = 0; done < _page.Length;)
        {
            done += RandomAccess.Read(file, _page.AsSpan(done), At(page) + done) is > 0 and var bytes
                ? bytes
                : throw new InvalidDataException($"page {page} is not whole: the file is damaged");
        }
    }

    private long Count() => RandomAccess.GetLength(file) / _page.Length;

    private static void EnsureThere(uint page, long last)
    {
        if (page < 2 || page > last)
        {
            throw new InvalidDataException($"free page {page} is outside of the file, which has {last} pages: the file is damaged");
        }
    }

    private long At(long page) => (page - 1) * _page.Length;

    private uint ReadUInt32(int at) => BinaryPrimitives.ReadUInt32BigEndian(_page.AsSpan(at));

    private int ReadUInt16(int at) => BinaryPrimitives.ReadUInt16BigEndian(_page.AsSpan(at));
}
