<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" sourcelanguage="en">
  <context>
    <name>MCDetect</name>
    <message>
      <source>&amp;About</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Accept</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Accession number</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;CC pair</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Calcification marks on or off</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Detect calcifications</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Draw cluster</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;End the tool</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Export…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Fetch and open</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Fewer findings</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;File</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Find</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Four views</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Help</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Keys and mouse</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;MLO pair</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;More findings</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Name</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Next finding</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Only mammography</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Open files…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Outlines on or off</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;PACS</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Previous finding</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Quit</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Real size</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Reject</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Review</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Search</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Stop the search</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Synchronise pairs</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;To day</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Undecided</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;View</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>&amp;Whole image</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>, about {seconds} s left</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>, reviewed by {reader}, {when}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>. That review was finished; this one is when you say so.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Accession number</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Add &amp;calcification</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>All files</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>An unexpected error stopped this action ({type}).</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Arrow keys</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Begin anew</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Begin without them</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Born</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Brighter</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Choose another folder</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Choose another folder, or free space on the disk. The review is as it was.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Click on each calcification that is missing. Escape ends it.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Click on each mark that is no calcification. Escape ends it.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Close the window and run: {command} (about 1 GB with PyTorch).</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Continue it</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Current beside &amp;prior</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Darker</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>De&amp;lete drawn cluster</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Decide later</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Description</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Do not send</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Done again: {what}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Double click</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Draw a line round the calcifications. Escape ends it.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Draw the new outline round the selected finding. Escape ends it.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Drop files or a folder with mammograms here, or open them: Ctrl+O, Ctrl+Shift+O.

F1 shows all keys.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Earlier results of {count} views</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Everything except detection works without.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>F&amp;rom day</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Family, Given; the beginning is enough</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Fetch from &amp;PACS…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Fetch from PACS</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Fetching…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Files…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Findings of another model went from {count} views; what you decided stays, as yours.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Fit the &amp;breast</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Folder for the images</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Folder for the results</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Folder…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Four views over p&amp;riors</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Go to the next view</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Images</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>In&amp;vert</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Keep it for later</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Keys and mouse</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Kind</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Left button</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Left out, without mammograms: {count}.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Less contrast</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Loading the model…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Loading…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>MCDetect {version} finds microcalcifications in mammograms.

For research use only. It is not a medical device and must not be used for diagnosis.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Ma&amp;gnifier</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Making the probability maps…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Mammograms and results</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Mammography CAD report (DICOM SR)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Mammography CAD reports (DICOM SR)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Middle button</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Model {bundle} ({digest}) on {device}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>More contrast</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Mouse</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Name</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Next view alone</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>No finding at this sensitivity in {count} views.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>No pair in the other view</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>None. Choose one in the table or in a view.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Not searched yet: click on Detect calcifications.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Nothing has been searched yet.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>O&amp;ne view</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>One-to-one &amp;pixels</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Open &amp;folder…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Open a folder with mammograms or results</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Open files or a whole folder?</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Open mammograms or results</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Patient &amp;ID</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Patient ID</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Picture &amp;report…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Picture report</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Previous view alone</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Probabilities by the algorithm: {terms}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Probability map on or off</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Re&amp;move calcification</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Reading headers and results…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Red&amp;o</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Redo</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Redraw &amp;outline</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Replace them</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Results of an earlier run lie beside these mammograms.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Review</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Reviewed reports carry the reader's name (family name, given name):</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Right button</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>S&amp;top</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Same as {side} {view} number {number}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Score from {threshold}: {shown} of {total} findings shown</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Searching…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Send to which PACS?</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Send what was exported</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Sending…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Show them</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Size of a pixel</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Size of a pixel in millimetres:</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Space, Return</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Stopped. What was found so far is kept.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Studies found: {count}.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Study date</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Tab</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The latest {count} are shown; say more to find fewer.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The review has changed since it was exported.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The work that was left behind goes on; the results are in it already.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>There is no such view.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>These findings are of another model: {bundle} ({digest})</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>This folder holds exported reports. Those about the same examination will be replaced.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>This review has changes that were not exported.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>This view could not be loaded.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Throw it away</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Throw this work away? It cannot be got back.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Try again; report the details if it happens again.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>U&amp;ndo</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Undo</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Undone: {what}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Wheel</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Who is the reader?</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Window of the &amp;header</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Work on this examination from {when} was not exported.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Writing…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Written to {folder}: {parts}.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Written: {path}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Zoom &amp;in</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Zoom &amp;out</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>accept</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>add a calcification</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>amorphous</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>artefact</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>benign</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>change the outline</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>click with the pointer of a tool; close the line that is drawn</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>coarse heterogeneous</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>coarse or popcorn-like</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>comment</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>comment on the examination</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>confirm a correspondence</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>decline a correspondence</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>delete a cluster</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>dermal marker</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>diffuse</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>draw a cluster</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>drawn</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>dystrophic</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>file of findings (findings.json)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>files of findings (findings.json)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>finding calcifications</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>fine linear or fine-linear branching</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>fine pleomorphic</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>finish the review</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>go on reviewing</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>go on with earlier work</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>go to the next button or view</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>grouped</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>high suspicion</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>highly suggestive of malignancy</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>incomplete</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>join clusters</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>judging patches</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>known and stable</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>known malignancy</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>large rod-like</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>linear</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>low suspicion</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>measurement report (DICOM SR, TID 1500)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>measurement reports (DICOM SR, TID 1500)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>milk of calcium</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>moderate suspicion</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>negative</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>noise</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>own setting</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>pan</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>pan; a click selects the finding under it; what the tool says while one is on</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>pan; move the pointer of a tool (with Shift: finely)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>picture</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>pictures</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>preparing</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>presentation state (DICOM GSPS)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>presentation states (DICOM GSPS)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>probably benign</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>reading</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>regional</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>reject</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>remove a calcification</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>rim</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>round</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>segmental</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>segmentation (DICOM SEG)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>segmentations (DICOM SEG)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>set the assessment</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>set the distribution</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>set the morphology</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>skin</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>suture</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>take the decision back</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>this view alone, or all again</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>undecided</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>vascular</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>view</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>window: sideways contrast, up and down brightness</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>year-month-day</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>zoom about the pointer</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{count} could not be searched.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{count} of them were remembered from before.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{count} views opened.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{done} of {total} images</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{done} views searched in {seconds:.1f} s.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{name} (score from {threshold})</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{side} {view}, number {number}: {count} calcifications, {size:.1f} mm, {decision}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{term}: by the reader</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{term}: typically benign, by the algorithm</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{view} ({index} of {total}): {stage}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>✓ accepted</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>✗ rejected</source>
      <translation type="unfinished" />
    </message>
  </context>
  <context>
    <name>SlicerMCDetect</name>
    <message>
      <source>A score says how sure the algorithm is that calcifications are there. It is not the probability of cancer.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Accept</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Add calcification</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>All findings, highest score first. A click centres and magnifies one. A score says how sure the algorithm is that calcifications are there; it is not the probability of cancer.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Assessment</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>BI-RADS assessment category</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>BI-RADS distribution</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>BI-RADS morphology</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Calcifications</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Cancel</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Click on calcifications that have no mark</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Click on marks that are no calcifications</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Comment</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Correct</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Count</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Decision</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Delete drawn cluster</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Delete the selected cluster if a reader drew it</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Detect calcifications</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Detection</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Different</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Distribution</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Do it again</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Draw a line round calcifications that are no finding yet</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Draw a new outline of the selected finding with the mouse</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Draw cluster</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Export…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Family name, given name</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Fewer</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Findings</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Finished</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>For research use only. Not a medical device. A score is not the probability of cancer.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>MCDetect</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>More</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Morphology</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>No.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Open files or a folder with mammograms</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Open…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Operating point</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Outlines</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Picture report…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Probability</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Progress of the detection</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Progress of writing and sending</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Reader</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Reason</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Redo</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Redraw outline</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Reject</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Remove calcification</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Report</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Same</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Score</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Search all views of this examination for calcifications</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Selected finding</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Send the exported objects to a PACS</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Send…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Sensitivity</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Settings of the model</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Show a fine mark at each calcification</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Show how probable the model thinks a calcification is at each pixel</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Show or hide the report</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Show or hide what corrects findings</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Show the outlines of the clusters</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Stop the search; what is found so far is kept</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Take the decision back</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Take the last action back</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The review of this examination is finished; reports say so</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The two are not the same cluster</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The two are the same cluster in two views</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>This finding is right</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>This finding is wrong; it stays in the report as rejected</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>To the right more findings are shown, to the left only those with a high score</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Undecided</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Undo</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>View</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Why it is accepted or rejected: choose or type</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Write one page with each finding magnified (PDF)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Write segmentation, reports, presentation states and pictures into a folder</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Your name; reviewed reports carry it</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>mm</source>
      <translation type="unfinished" />
    </message>
  </context>
</TS>
