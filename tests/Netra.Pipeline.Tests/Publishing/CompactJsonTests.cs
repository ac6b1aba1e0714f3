using System.Text;
using System.Text.Json;
using FsCheck;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Tests.Protocol;

namespace Netra.Pipeline.Tests.Publishing;

public sealed class CompactJsonTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    [Test]
    public void From_CompactAlready_IsWhatWasGiven()
    {
        ReadOnlyMemory<byte> json = """{"a":" b\" ","c":[1,2.50]}"""u8.ToArray();
        Assert.That(CompactJson.From(json), Is.EqualTo(json));
    }

    [FsCheck.NUnit.Property]
    public bool From_Indented_IsTheSameCompact(string name, string text, DoNotSize<long> number)
    {
        var data = Arbitrary.Data(name, text, number.Item);
        var indented = JsonSerializer.SerializeToUtf8Bytes(data, Indented);
        return Encoding.UTF8.GetString(CompactJson.From(indented).Span) == JsonSerializer.Serialize(data);
    }
}
