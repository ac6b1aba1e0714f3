using FsCheck;
using FsCheck.Fluent;
using Netra.Pipeline.Server.Demo.Arithmetic;

namespace Netra.Pipeline.Tests.Server.Demo.Arithmetic;

public sealed class CalculatorProperties
{
    [Test]
    public void Evaluate_AnyExpression_AgreesWithTheTreeItWasWrittenFrom() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(2_000),
            Prop.ForAll(Expressions(), expression => Outcome(expression.Text) == Close(expression.Value)));

    [Test]
    public void Evaluate_AnyText_EitherHasAValueOrSaysWhyNot() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(5_000), Prop.ForAll(Texts(), text => Outcome(text) is not "?"));

    private static Arbitrary<ReferenceExpression> Expressions() => Arb.From(Gen.Sized(size => ReferenceExpression.Generator(Math.Min(size + 1, 24))));

    private static Arbitrary<string> Texts() =>
        Arb.From(Gen.Elements([.. "0123456789.+-*/%^() x"]).ListOf().Select(symbols => new string([.. symbols])));

    private static string Outcome(string text)
    {
        try
        {
            return Close(Calculator.Evaluate(text));
        }
        catch (CalculationException)
        {
            return Close(null);
        }
    }

    // Powers are calculated by squaring and the reference multiplies one by one, so the 28th digit may differ.
    private static string Close(decimal? value) => value is null ? "none" : ((double)value).ToString("G12");
}
