using FsCheck;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

[Parallelizable(ParallelScope.All)]
internal sealed class RangeBlobTests
{
    [FsCheck.NUnit.Property]
    public void ReadWrite_AnyRanges_ComeBack(PositiveInt[] lengths, DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var ranges = new List<SeqRange>();
        var end = 0L;
        foreach (var length in lengths)
        {
            var from = end + 1 + random.NextInt64(1L << random.Next(1, 40));
            end = from + length.Get - 1;
            ranges.Add(new SeqRange(from, end));
        }

        Assert.That(RangeBlob.Read(RangeBlob.Write([.. ranges])), Is.EqualTo(ranges));
    }

    [Test]
    public void Write_NoRanges_IsEmpty() => Assert.That(RangeBlob.Write([]), Is.Empty);

    [Test]
    public void Read_EndsInTheMiddle_Throws()
    {
        var bytes = RangeBlob.Write([new SeqRange(5, 1_000_000)]);

        Assert.That(() => RangeBlob.Read(bytes.AsSpan(0, bytes.Length - 1)), Throws.TypeOf<InvalidDataException>());
    }

    // A number of no distance, and numbers that pass the largest one.
    [TestCase(new byte[] { 0, 1 })]
    [TestCase(new byte[] { 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F })]
    [TestCase(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0, 1, 0 })]
    public void Read_RangesThatDoNotAscend_Throws(byte[] bytes)
        => Assert.That(() => RangeBlob.Read(bytes), Throws.TypeOf<InvalidDataException>());
}
