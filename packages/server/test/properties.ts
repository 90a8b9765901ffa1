// The seed that properties draw from: the same in every run, so that what fails is the change and not the day.
import fc from 'fast-check';

/** What fails prints its seed and its path; `TILL_TEST_SEED` draws others, or the same again. */
fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  seed: Number(process.env.TILL_TEST_SEED ?? 20_260_101),
});

export { fc };
