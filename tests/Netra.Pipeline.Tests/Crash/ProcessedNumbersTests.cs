namespace Netra.Pipeline.Tests.Crash;

public sealed class ProcessedNumbersTests
{
    [FsCheck.NUnit.Property]
    public bool Add_AnyRanges_KnowsWhatASetWouldKnow(byte start, (byte From, byte Length)[] ranges)
    {
        var cursor = start % 8L;
        var numbers = new ProcessedNumbers(cursor);
        var set = new HashSet<long>();
        for (var seq = 1L; seq <= cursor; seq++)
        {
            set.Add(seq);
        }

        foreach (var range in ranges)
        {
            var (from, to) = (1L + (range.From % 40), 1L + (range.From % 40) + (range.Length % 6));
            numbers.Add(from, to);
            for (var seq = from; seq <= to; seq++)
            {
                set.Add(seq);
            }
        }

        return Enumerable.Range(1, 50).All(seq => numbers.Contains(seq) == set.Contains(seq))
            && numbers.Cursor == Enumerable.Range(1, 60).First(seq => !set.Contains(seq)) - 1;
    }
}
