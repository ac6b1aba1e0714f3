using System.Text;
using System.Text.Json;
using FsCheck;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Tests.Protocol;

namespace Netra.Pipeline.Tests.Publishing;

/// <summary>
/// Whatever bytes come: they are taken or refused with a reason, wherever the type stands, and what is taken is what was sent.
/// </summary>
[Parallelizable(ParallelScope.All)]
internal sealed class PublishedEventPropertyTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    [FsCheck.NUnit.Property(MaxTest = 1000)]
    public void Read_AnyBytes_AreMalformed(byte[] bytes)
    {
        using var read = PublishedEventReader.Read(bytes, previous: null);
        Assert.That(read.Malformed ?? read.Invalid, Is.Not.Null);
    }

    [FsCheck.NUnit.Property(MaxTest = 5000)]
    public void Read_NearlyRight_IsJudgedAsADocumentWouldBe(byte type, string name, string text, long number, DoNotSize<int> seed)
    {
        var bytes = Arbitrary.Mutated(EventOf(TypeOf(type), DataOf(type, name, text, number)), seed);
        using var read = PublishedEventReader.Read(bytes, previous: null);
        if (read is not { Malformed: null, Invalid: null, Sign: LifeSign.None })
        {
            return;
        }

        var document = JsonElement.Parse(bytes);
        var data = document.GetProperty("data");
        Assert.That(Encoding.UTF8.GetString(read.Data.Json.Span), Is.EqualTo(WithoutWhiteSpace(data.GetRawText())));
        Assert.That(
            (read.Target.UserId, read.Target.ThreadId, read.Target.RunId, read.IdempotencyKey),
            Is.EqualTo((Text("user_id"), Text("thread_id"), Text("run_id"), Text("idempotency_key"))));
        if (read.Data.Subject.Name is { } subject)
        {
            var member = Text("type")!.StartsWith('a') ? "agent_name" : "tool_name";
            Assert.That(subject, Is.EqualTo(data.GetProperty(member).GetString()));
        }

        string? Text(string member) => document.TryGetProperty(member, out var value) ? value.GetString() : null;
    }

    [FsCheck.NUnit.Property(MaxTest = 2000)]
    public void Read_DataBeforeItsType_IsJudgedAsAfterIt(byte type, string name, string text, long number, DoNotSize<int> seed)
    {
        var data = Encoding.Latin1.GetString(Arbitrary.Mutated(DataOf(type, name, text, number), seed));
        using var after = Read($$"""{"user_id":"ada","type":"{{TypeOf(type)}}","data":{{data}}}""");
        using var before = Read($$"""{"user_id":"ada","data":{{data}},"type":"{{TypeOf(type)}}"}""");

        // The position in the message is another.
        Assert.That(before.Malformed is null, Is.EqualTo(after.Malformed is null));
        Assert.That(before.Invalid, Is.EqualTo(after.Invalid));
        Assert.That(before.Data.Json.ToArray(), Is.EqualTo(after.Data.Json.ToArray()));
        Assert.That(
            (before.Data.Subject, before.Data.AddMetadata, before.Data.AddTimestamp),
            Is.EqualTo((after.Data.Subject, after.Data.AddMetadata, after.Data.AddTimestamp)));

        static PublishedEvent Read(string json) => PublishedEventReader.Read(Encoding.Latin1.GetBytes(json), previous: null);
    }

    [FsCheck.NUnit.Property]
    public void Read_Indented_IsTheSameCompact(string name, string text, DoNotSize<long> number)
    {
        var data = new { name = "n", value = Arbitrary.Data(name, text, number.Item) };
        using var read = PublishedEventReader.Read(EventOf("custom", JsonSerializer.SerializeToUtf8Bytes(data, Indented)), previous: null);
        Assert.That(Encoding.UTF8.GetString(read.Data.Json.Span), Is.EqualTo(JsonSerializer.Serialize(data)));
    }

    private static string TypeOf(byte type) => (type % 6) switch
    {
        0 => "token",
        1 => "custom",
        2 => "agent_started",
        3 => "tool_completed",
        4 => "agent_failed",
        _ => "tool_executing",
    };

    private static byte[] EventOf(string type, byte[] data)
    {
        var head = $$"""{"user_id":"ada", "thread_id":"t1","run_id":"r\u0031","type":"{{type}}","data":""";
        return [.. Encoding.UTF8.GetBytes(head), .. data, (byte)'}'];
    }

    private static byte[] DataOf(byte type, string? name, string? text, long number)
    {
        var any = Arbitrary.Data(name, text, number);
        var some = "n" + Arbitrary.Text(text);
        return JsonSerializer.SerializeToUtf8Bytes(
            (type % 6) switch
            {
                0 => (object)new { delta = some, any },
                1 => new { name = some, value = any },
                2 => new { agent_name = some, metadata = any, lease_ms = 5000, parent_run_id = (string?)null },
                3 => new { tool_name = some, result = any, status = "failed", error = new { code = some, message = some }, call_id = some },
                4 => new { agent_name = some, error = new { code = "c", message = some, any } },
                _ => new { tool_name = some, arguments = any, timestamp = number },
            },
            number % 2 == 0 ? Indented : JsonSerializerOptions.Default);
    }

    private static string WithoutWhiteSpace(string json)
    {
        var (compact, isText) = (new StringBuilder(), false);
        for (var i = 0; i < json.Length; i++)
        {
            if (!isText && char.IsWhiteSpace(json[i]))
            {
                continue;
            }

            isText ^= json[i] == '"';
            compact.Append(json[i]);
            if (json[i] == '\\')
            {
                compact.Append(json[++i]);
            }
        }

        return compact.ToString();
    }
}
