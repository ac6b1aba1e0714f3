using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Tests.Http;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class RequestAuthorTests
{
    private const string Name = ClaimTypes.Name;
    private const string Identifier = ClaimTypes.NameIdentifier;

    [TestCase(new[] { Identifier, "7", "sub", "s", Name, "ada" }, "7", "ada")]
    [TestCase(new[] { "sub", "s", Name, "ada" }, "s", "ada")]
    [TestCase(new[] { Name, "ada" }, "ada", "ada")]
    [TestCase(new[] { Identifier, "7" }, "7", "7")]
    [TestCase(new[] { "sub", "s" }, "s", "s")]
    [TestCase(new string[0], "", "bob")]
    public void Of_AnAuthenticatedIdentity_IsItsIdForLogsAndItsNameForPeople(string[] claims, string id, string name)
    {
        var user = new ClaimsPrincipal(new ClaimsIdentity(claims.Chunk(2).Select(static claim => new Claim(claim[0], claim[1])), "test"));

        Assert.That(RequestAuthor.IdOf(user), Is.EqualTo(id));
        Assert.That(RequestAuthor.NameOf(new DefaultHttpContext { User = user }, "bob"), Is.EqualTo(name));
    }

    [TestCase("bob", "bob")]
    [TestCase(null, "anonymous")]
    public void NameOf_Nobody_IsWhomTheBodyNames(string? named, string name)
        => Assert.That(RequestAuthor.NameOf(new DefaultHttpContext(), named), Is.EqualTo(name));

    [Test]
    public void NameOf_TooLong_IsCut()
        => Assert.That(RequestAuthor.NameOf(new DefaultHttpContext(), new string('x', 200)), Has.Length.EqualTo(RequestAuthor.MaxChars));
}
