using FsCheck;
using FsCheck.Fluent;
using Netra.Pipeline.Access;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Tests.Tenants;

/// <summary>Two users are never one, however their tenants and they are called.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class UserKeyTests
{
    private static readonly Gen<string> Names = Gen.ArrayOf(Gen.Elements('a', 'b', '/', ':', '*', '-', '\\', 'é', ' '))
        .Select(static letters => new string(letters));

    [Test]
    public void Keys_OfTwoPairs_AreEqualOnlyWhereThePairsAre() => Check.QuickThrowOnFailure(Prop.ForAll(
        Arb.From(Gen.Zip(Gen.Zip(Names, Names), Gen.Zip(Names, Names))),
        static pairs =>
        {
            var ((tenant, user), (otherTenant, otherUser)) = pairs;
            return UserKey.Of(tenant, user) == UserKey.Of(otherTenant, otherUser) == ((tenant, user) == (otherTenant, otherUser));
        }));

    [Test]
    public void Key_OfAnyPair_HasItsParts() => Check.QuickThrowOnFailure(Prop.ForAll(
        Arb.From(Gen.Zip(Names, Names)),
        static pair => UserKey.TenantOf(UserKey.Of(pair.Item1, pair.Item2)) == pair.Item1
            && UserKey.UserOf(UserKey.Of(pair.Item1, pair.Item2)) == pair.Item2));

    [Test]
    public void Key_WithoutTenant_IsTheUsersId() => Assert.That(UserKey.Of(string.Empty, "ada"), Is.EqualTo("ada"));

    [TestCase("a/b", "c", "a", "b/c")]
    [TestCase("", "a/b", "a", "b")]
    [TestCase("a", "b", "", "a/b")]
    public void Pattern_OfOneTenantsUser_CoversNobodyElse(string tenant, string user, string otherTenant, string otherUser)
    {
        var pattern = UserPattern.TryParse(user, tenant, out _)!;

        Assert.That(pattern.Covers(UserKey.Of(tenant, user)));
        Assert.That(!pattern.Covers(UserKey.Of(otherTenant, otherUser)));
        Assert.That(UserPattern.AllOf(tenant).Covers(UserKey.Of(tenant, user)));
        Assert.That(!UserPattern.AllOf(tenant).Covers(UserKey.Of(otherTenant, otherUser)));
    }

    [TestCase("*", null, "acme", "ada", true)]
    [TestCase("*", "", "acme", "ada", false)]
    [TestCase("*", "", "", "ada", true)]
    [TestCase("team-*", null, "acme", "team-a", false)]
    [TestCase("team-*", null, "", "team-a", true)]
    [TestCase("team-*", "*", "acme", "team-a", true)]
    [TestCase("team-*", "acme", "acme", "team-a", true)]
    [TestCase("team-*", "acme", "acme", "ada", false)]
    [TestCase("team-*", "acme", "acme2", "team-a", false)]
    [TestCase("acme*", "", "acme", "ada", false)]
    public void Pattern_Covers_WhomItNames(string users, string? scope, string tenant, string user, bool covers)
        => Assert.That(UserPattern.TryParse(users, scope, out _)!.Covers(UserKey.Of(tenant, user)), Is.EqualTo(covers));

    [TestCase("*")]
    [TestCase("$system")]
    [TestCase("a\u001Fb")]
    [TestCase("a\nb")]
    public void Tenant_ThatCouldBeTakenForSomethingElse_IsRefused(string tenant)
        => Assert.That(IdentifierRules.ProblemOfTenant(tenant), Does.StartWith("tenant_id "));
}
